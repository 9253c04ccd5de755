"use strict";

// All text of the bank is in `data`. It comes onto the page as text; only the two sides of a card
// are HTML, which the exporter wrote, and each card has a shadow tree of its own for them.

const data = JSON.parse(document.getElementById("data").textContent);
const page = document.documentElement;
const by = (id) => document.getElementById(id);

function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children.filter((child) => child !== ""));
  return element;
}

const counted = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

// ── what is asked for: all of it is in the address ──────────────────────────────────────────────

const PLAIN = {
  view: "list", card: "", side: "front", answers: "", width: "wide", theme: "",
  q: "", section: "", tag: "", verdict: "",
};
let state = { ...PLAIN };

function read() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const known = Object.keys(PLAIN).filter((name) => asked.has(name));
  state = { ...PLAIN, ...Object.fromEntries(known.map((name) => [name, asked.get(name)])) };
}

function change(changes) {
  Object.assign(state, changes);
  const told = Object.entries(state).filter(([name, value]) => value !== PLAIN[name]);
  history.replaceState(null, "", `#${new URLSearchParams(told)}`);
  show();
}

// ── cards ───────────────────────────────────────────────────────────────────────────────────────

const sheet = new CSSStyleSheet();
sheet.replaceSync(data.css);

const cards = data.cards.map((card, at) => ({
  ...card,
  number: at + 1,
  item: make("li", { className: "entry" }),
  flipped: false,
  drawn: "",
}));
const cardOf = new Map(cards.map((card) => [card.item, card]));
let printing = false;

// A card is made when it comes near the window, or when there is time.
function draw(card) {
  if (!card.article) build(card);
  const side = card.flipped || printing ? "back" : "front";
  card.frame.className = night() && !printing ? "card nightMode night_mode" : "card";
  if (card.drawn === side) return;
  card.drawn = side;
  card.frame.replaceChildren(content(card[side]));
  card.flip.textContent = card.flipped ? "Hide answer" : "Show answer";
  card.flip.ariaExpanded = card.flipped;
}

const media = new Map(Object.entries(data.media));

// In a template nothing loads and nothing runs, so there is time to put things right.
function content(html) {
  const template = make("template", { innerHTML: html });
  const all = (selector) => template.content.querySelectorAll(selector);
  for (const image of all("img")) {
    const address = media.get(image.getAttribute("src"));
    if (address) image.src = address;
    else image.removeAttribute("src");
  }
  for (const part of all("[data-style]")) part.style.cssText = part.dataset.style;
  for (const link of all('a[href^="http"]')) {
    Object.assign(link, { target: "_blank", rel: "noreferrer" });
  }
  // The heading of a card is of level 3 here, and those within it are below.
  const headings = [...all("h1, h2, h3, h4, h5, h6")];
  const level = (heading) => Number(heading.localName[1]);
  const highest = Math.min(...headings.map(level));
  for (const heading of headings) heading.ariaLevel = 4 + level(heading) - highest;
  return template.content;
}

function build(card) {
  const face = make("div", { className: "face" });
  const root = face.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sheet];
  card.frame = make("div");
  root.append(card.frame);
  sizes.observe(face);

  const title = make("h3", { id: `card-${card.number}`, className: "unseen", dir: "auto" });
  title.textContent = [`Card ${card.number}`, card.asks, card.title].filter(Boolean).join(": ");
  card.flip = make("button", { type: "button", className: "flip" });
  card.article = make("article", { tabIndex: -1 }, title, face, about(card));
  card.article.setAttribute("aria-labelledby", title.id);
  card.item.append(card.article);
}

function about(card) {
  const short = { textContent: card.place.replace(/^.*\//, ""), title: card.place };
  const place = card.link ? make("a", { href: card.link, ...short }) : make("span", short);
  const facts = make("p", { className: "facts" }, make("span", {}, `${card.number}`), badge(card));
  facts.append(place, card.asks ? make("span", {}, card.asks) : "");
  const tags = card.tags.map((tag) => make("li", { textContent: tag }));
  return make(
    "div", { className: "about" }, card.flip, facts,
    tags.length ? make("ul", { className: "tags" }, ...tags) : "", ...card.problems.map(problem),
  );
}

const numberOf = (card, severity) =>
  card.problems.filter((found) => found.severity === severity).length;

function badge(card) {
  const [errors, warnings] = [numberOf(card, "error"), numberOf(card, "warning")];
  const said = (name, text) => make("span", { className: `badge ${name}`, textContent: text });
  if (errors) return said("errors", `✗ ${counted(errors, "error")}`);
  if (warnings) return said("warnings", `! ${counted(warnings, "warning")}`);
  if (card.verdict === "verified") return said("verified", "✓ verified");
  return card.verdict ? said("unverified", "not verified") : "";
}

function problem(found) {
  const box = make("div", { className: `problem ${found.severity}` });
  const name = make("strong", { textContent: `${found.severity} ${found.code}` });
  box.append(make("p", {}, name, ` ${found.message}`), make("p", {}, found.place));
  const [before, marked, after] = found.excerpt;
  if (found.excerpt.length) {
    const line = make("code", {}, before.trimStart(), make("mark", {}, marked), after);
    box.append(make("p", {}, line));
  }
  if (found.label) box.append(make("p", {}, found.label));
  const notes = found.notes.flatMap(([term, text]) => [make("dt", {}, term), make("dd", {}, text)]);
  if (notes.length) box.append(make("dl", {}, ...notes));
  if (found.hint) box.append(make("p", {}, `Hint: ${found.hint}`));
  return box;
}

// ── which cards are shown ───────────────────────────────────────────────────────────────────────

const VERDICTS = new Map([
  ["", ["All", () => true]],
  ["verified", ["Verified", (card) => card.verdict === "verified"]],
  ["unverified", ["Not verified", (card) => card.verdict === "unverified"]],
  ["errors", ["Errors", (card) => numberOf(card, "error") > 0]],
]);

const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const sectionOf = (card) => JSON.stringify([card.deck, card.section]);

function matches(card, words) {
  card.words ??= plain(card.text);
  const [, holds] = VERDICTS.get(state.verdict) ?? VERDICTS.get("");
  return (
    holds(card) &&
    (!state.section || state.section === sectionOf(card)) &&
    (!state.tag || card.tags.includes(state.tag)) &&
    words.every((word) => card.words.includes(word))
  );
}

let shown = cards;

function choose() {
  const words = plain(state.q).split(/\s+/).filter(Boolean);
  shown = cards.filter((card) => matches(card, words));
  const kept = new Set(shown);
  for (const card of cards) card.item.hidden = !kept.has(card);
  by("none").hidden = shown.length > 0 || !cards.length;
  say("count", shown.length === cards.length
    ? counted(cards.length, "card")
    : `${shown.length} of ${counted(cards.length, "card")}`);
}

// Told only when it is news, because a screen reader reads it out.
function say(id, text) {
  if (by(id).textContent !== text) by(id).textContent = text;
}

const current = () => shown.find((card) => card.key === state.card)
  ?? (state.view === "focus" ? shown[0] : undefined);

// ── showing ─────────────────────────────────────────────────────────────────────────────────────

const dark = matchMedia("(prefers-color-scheme: dark)");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const night = () => (state.theme ? state.theme === "night" : dark.matches);

function show() {
  choose();
  page.dataset.view = state.view;
  page.dataset.width = state.width;
  page.dataset.theme = night() && !printing ? "night" : "day";
  const now = current();
  for (const card of cards) {
    card.item.classList.toggle("current", card === now);
    if (card.frame) draw(card);
  }
  if (now) draw(now);
  showControls(now);
}

function showControls(now) {
  for (const name of ["q", "section", "tag"]) by(name).value = state[name];
  for (const radio of by("verdict").querySelectorAll("input")) {
    radio.checked = radio.value === state.verdict;
  }
  const pressed = { view: "focus", answers: "shown", width: "phone" };
  for (const [name, value] of Object.entries(pressed)) by(name).ariaPressed = state[name] === value;
  by("theme").ariaPressed = night();
  by("flip").textContent = now?.flipped ? "Hide answer" : "Show answer";
  const at = shown.indexOf(now);
  for (const [id, end] of [["previous", at <= 0], ["next", at >= shown.length - 1]]) {
    by(id).ariaDisabled = end;
  }
  say("position", now ? `${at + 1} of ${shown.length}` : "");
}

function flip(card) {
  if (!card) return;
  card.flipped = !card.flipped;
  change({ card: card.key, side: card.flipped ? "back" : "front" });
  if (!calm.matches) card.frame.animate([{ opacity: 0.3 }, { opacity: 1 }], 140);
}

function go(steps) {
  const at = shown.indexOf(current());
  const next = shown[Math.min(Math.max(at + steps, 0), shown.length - 1)];
  if (!next || next === shown[at]) return undefined;
  if (state.view === "focus") next.flipped = state.answers === "shown";
  change({ card: next.key, side: next.flipped ? "back" : "front" });
  reveal(next);
  return next;
}

// With the keyboard the focus goes along; a button that was pressed keeps it.
const walk = (steps) => go(steps)?.article.focus({ preventScroll: true });

function reveal(card) {
  if (state.view === "focus") scrollTo(0, 0);
  else card?.article.scrollIntoView({ block: "nearest" });
}

function showAnswers() {
  const answers = state.answers ? "" : "shown";
  for (const card of cards) card.flipped = Boolean(answers);
  change({ answers, side: answers ? "back" : "front" });
}

function toggle(name, on) {
  change({ [name]: state[name] === on ? PLAIN[name] : on });
}

const toggleTheme = () => {
  const theme = night() ? "day" : "night";
  change({ theme: (theme === "night") === dark.matches ? "" : theme });
};

function toggleView() {
  toggle("view", "focus");
  if (state.view === "focus") change({ card: current()?.key ?? "" });
  reveal(current());
}

// ── what people do ──────────────────────────────────────────────────────────────────────────────

const KEYS = {
  " ": () => flip(current()),
  Enter: () => flip(current()),
  ArrowRight: () => walk(1),
  ArrowLeft: () => walk(-1),
  j: () => walk(1),
  k: () => walk(-1),
  f: toggleView,
  a: showAnswers,
  p: () => toggle("width", "phone"),
  n: toggleTheme,
  "/": search,
};

function search() {
  if (state.view === "focus") toggleView();
  by("q").select();
}

const scrolls = (element) => element.scrollWidth > element.clientWidth;

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const target = event.composedPath()[0];
  const control = target instanceof Element ? target.closest("input, select, button, a") : null;
  if (event.key === "Escape") return escape(control);
  const pressed = event.key === " " || event.key === "Enter";
  if (control && (pressed || control.matches("input, select"))) return;
  if (event.key.startsWith("Arrow") && target.tabIndex === 0 && scrolls(target)) return;
  const act = KEYS[event.key];
  if (!act || (pressed && !current())) return;
  event.preventDefault();
  act();
});

function escape(control) {
  if (control) control.blur();
  else if (state.view === "focus") toggleView();
}

by("cards").addEventListener("click", (event) => {
  const target = event.composedPath()[0];
  const card = cardOf.get(target.getRootNode().host?.closest("li") ?? target.closest("li"));
  const selecting = !getSelection().isCollapsed;
  const face = target.getRootNode().host || target.matches(".face");
  if (target.matches(".flip") || (face && !selecting && !target.closest("a"))) flip(card);
});

by("view").addEventListener("click", toggleView);
by("answers").addEventListener("click", showAnswers);
by("width").addEventListener("click", () => toggle("width", "phone"));
by("theme").addEventListener("click", toggleTheme);
by("previous").addEventListener("click", () => go(-1));
by("next").addEventListener("click", () => go(1));
by("flip").addEventListener("click", () => flip(current()));
by("clear").addEventListener("click", () => change({ q: "", section: "", tag: "", verdict: "" }));
by("q").addEventListener("input", () => change({ q: by("q").value }));
for (const name of ["section", "tag"]) {
  by(name).addEventListener("change", () => change({ [name]: by(name).value }));
}
by("verdict").addEventListener("change", (event) => change({ verdict: event.target.value }));
addEventListener("hashchange", start);
dark.addEventListener("change", show);

addEventListener("beforeprint", () => print(true));
addEventListener("afterprint", () => print(false));

function print(on) {
  printing = on;
  for (const card of on ? shown : []) draw(card);
  show();
}

// ── the start ───────────────────────────────────────────────────────────────────────────────────

function option(value, text) {
  return make("option", { value, textContent: text });
}

function offer() {
  const sections = new Map(cards.map((card) => [sectionOf(card), card]));
  const decks = Map.groupBy(sections.entries(), ([, card]) => card.deck);
  const groups = [...decks].map(([label, found]) => make(
    "optgroup", { label },
    ...found.map(([value, card]) => option(value, card.section || "without a section")),
  ));
  const flat = groups.length > 1 ? groups : groups.flatMap((group) => [...group.children]);
  by("section").append(option("", "All sections"), ...flat);
  const tags = [...new Set(cards.flatMap((card) => card.tags))].sort();
  by("tag").append(option("", "All tags"), ...tags.map((tag) => option(tag, `#${tag}`)));
  for (const [value, [name, holds]] of VERDICTS) {
    const radio = make("input", { type: "radio", name: "verdict", value });
    by("verdict").append(make("label", {}, radio, `${name} ${cards.filter(holds).length}`));
  }
  const remarks = counted(data.problems.length, "remark");
  by("elsewhere").textContent = `${remarks} on the rest of the notes`;
  by("problems").append(...data.problems.map(problem));
  by("problems").hidden = !data.problems.length;
  by("cards").append(...cards.map((card) => card.item));
}

function start() {
  read();
  for (const card of cards) {
    card.flipped = state.answers === "shown" || (card.key === state.card && state.side === "back");
  }
  show();
  reveal(current());
}

// What can be scrolled must be reached with the keyboard.
const sizes = new ResizeObserver((faces) => {
  for (const { target } of faces) {
    for (const part of target.shadowRoot.querySelectorAll("div, pre, table, p, figure, math")) {
      const needed = scrolls(part) && getComputedStyle(part).overflowX === "auto";
      if (needed) part.tabIndex = 0;
      else part.removeAttribute("tabindex");
    }
  }
});

const near = new IntersectionObserver((seen) => {
  for (const { target, isIntersecting } of seen) if (isIntersecting) draw(cardOf.get(target));
}, { rootMargin: "100%" });

// The browser's own search finds what is made, so all is made in the end.
const whenIdle = window.requestIdleCallback ?? ((work) => setTimeout(work, 50));
let made = 0;

function makeMore(deadline) {
  do draw(cards[made]);
  while (++made < cards.length && deadline?.timeRemaining() > 3);
  if (made < cards.length) whenIdle(makeMore);
}

offer();
start();
for (const card of cards) near.observe(card.item);
if (cards.length) whenIdle(makeMore);

// ── the server that watches the notes says when to load again ───────────────────────────────────

const PLACE = "proofdeck place";

function remember() {
  const first = shown.find((card) => card.item.getBoundingClientRect().bottom > 0);
  const top = first?.item.getBoundingClientRect().top;
  sessionStorage.setItem(PLACE, JSON.stringify([first?.key, top]));
}

// For some frames, because the heights of cards around it are guessed at first.
function hold(item, top, frames = 8) {
  scrollBy(0, item.getBoundingClientRect().top - top);
  if (frames) requestAnimationFrame(() => hold(item, top, frames - 1));
}

function goBack(key, top) {
  const card = shown.find((one) => one.key === key) ?? current();
  if (!card || state.view === "focus") return;
  hold(card.item, top ?? card.item.getBoundingClientRect().top);
}

if (page.dataset.reload) {
  history.scrollRestoration = "manual";
  goBack(...JSON.parse(sessionStorage.getItem(PLACE) ?? "[]"));
  sessionStorage.removeItem(PLACE);
  new EventSource(page.dataset.reload).addEventListener("message", () => {
    remember();
    location.reload();
  });
} else {
  goBack();
}
