"""Questions as interviews ask them, many of them like each other, and how people reword them.

Below a `Q:` each line with a `~` asks the same in other words; `A:` is the answer.
"""

from __future__ import annotations

from typing import NamedTuple

_TEXT = """
## Basics
Q: Bias vs Variance?
~ What is the bias-variance tradeoff?
~ How do bias and variance differ?
~ Explain variance and bias
A: Bias = error from wrong assumptions (underfitting)
Variance = error from sensitivity to training data (overfitting)
Q: L1 vs L2 regularization?
~ What is the difference between L1 and L2 regularization?
~ Compare lasso with ridge penalties
A: L1 = sparse weights (feature selection)
L2 = small weights (prevents overfitting)
Q: L1 vs L2 loss?
~ How does the L1 loss differ from the L2 loss?
A: L1 = absolute error, robust to outliers
L2 = squared error, smooth, punishes large errors
Q: What is overfitting?
~ Define overfitting
~ When do we say that a model overfits?
A: The model fits noise of the training data: low training error, high test error
Q: What is underfitting?
~ Explain underfitting briefly
~ How do you recognise an underfitted model?
A: The model is too simple for the pattern: high training error and high test error
Q: Parametric vs non-parametric models?
~ What makes a model non-parametric rather than parametric?
A: Parametric = a fixed number of parameters, whatever the data
Non-parametric = grows with the data, like nearest neighbours
Q: Generative vs discriminative models?
~ How do generative models differ from discriminative ones?
A: Generative = learns p(x, y), can sample
Discriminative = learns p(y | x) or the boundary only
Q: Supervised vs unsupervised learning?
~ What separates unsupervised from supervised learning?
A: Supervised learns from labelled pairs; unsupervised looks for structure without labels
Q: What is cross-validation?
~ Explain k-fold cross-validation
~ How does cross-validation work?
A: Split into k folds, train on k - 1, test on the one left out, average the k scores
Q: What is stratified cross-validation?
A: Each fold keeps the share of the classes in the whole set
Q: What is data leakage?
~ Give an example of leakage between train and test data
~ What do people mean by leaking data?
A: Information about the target, or from the test set, gets into training; scores look too good
Q: What is the curse of dimensionality?
~ Why are high dimensions a curse?
A: Volume grows so fast that data becomes sparse and all distances look alike
Q: What is the no free lunch theorem?
A: Averaged over all problems no learner beats another one; assumptions decide
Q: What is inductive bias?
A: The assumptions by which a learner generalises beyond the examples it saw
Q: Why split into train, validation and test sets?
~ What are the validation and the test set for?
A: Train fits the parameters, validation picks the model, test is looked at once
Q: What is early stopping?
~ Explain early stopping as a regularizer
A: Stop training when the validation loss no longer falls; keep the best weights

## Metrics
Q: Precision vs Recall?
~ Define precision and recall
~ When is recall preferred to precision?
A: Precision = TP/(TP+FP), of predicted positive, how many correct
Recall = TP/(TP+FN), of actual positive, how many found
Q: What is precision?
A: TP / (TP + FP)
Q: What is recall?
A: TP / (TP + FN)
Q: What is specificity?
A: TN / (TN + FP)
Q: What is the F1 score?
~ Define F1
~ How is the F1 score computed?
A: The harmonic mean of precision and recall: 2PR / (P + R)
Q: What is macro F1?
A: F1 of each class, then the plain mean: small classes count as much as large ones
Q: What is micro F1?
A: Count TP, FP and FN over all classes first, then one F1: large classes dominate
Q: What is a type I error?
A: A false positive: a true null hypothesis is rejected
Q: What is a type II error?
A: A false negative: a false null hypothesis is kept
Q: What is the ROC curve?
~ What does a ROC curve show?
A: True positive rate against false positive rate over all thresholds
Q: What does the AUC mean?
~ How do you interpret the area under the ROC curve?
A: The probability that a random positive is ranked above a random negative
Q: ROC curve vs precision-recall curve?
~ When do you look at PR curves instead of ROC curves?
A: With few positives the ROC looks too good; precision-recall shows the false alarms
Q: Why is accuracy a bad metric for imbalanced data?
~ When does accuracy mislead?
A: Predicting the majority class scores high and finds nothing
Q: MAE vs RMSE?
~ Compare mean absolute error and root mean squared error
A: MAE weighs all errors equally; RMSE punishes large ones more. Both in units of the target
Q: What is R squared?
A: 1 - SS_res / SS_tot, the share of the variance that the model explains
Q: What is perplexity?
~ How is the perplexity of a language model defined?
A: exp of the mean negative log-likelihood per token; the effective number of choices
Q: What is BLEU?
A: Clipped n-gram precision against references, times a brevity penalty
Q: What is ROUGE?
A: n-gram recall against references, mostly used for summaries
Q: What is calibration?
~ When is a classifier well calibrated?
A: Among predictions of 70 %, about 70 % are right

## Optimization
Q: Batch vs Stochastic Gradient Descent?
~ How does SGD differ from full-batch gradient descent?
~ Compare batch, mini-batch and stochastic gradient descent
A: Batch = all data per update, stable but slow
SGD = one sample per update, noisy but fast
Mini-batch = compromise, standard practice
Q: What is momentum?
~ How does momentum speed up gradient descent?
A: An average of past gradients that damps zigzag and speeds up along valleys
Q: What is Nesterov momentum?
A: The gradient is taken at the point that the momentum would lead to
Q: How does Adam work?
~ Explain the Adam optimizer
~ What does Adam keep track of?
A: Momentum plus a step size per weight from the second moment, both bias-corrected
Q: How does AdamW differ from Adam?
~ What is changed in AdamW compared with Adam?
A: Weight decay is applied to the weights directly, not through the gradient
Q: How does RMSprop work?
A: Divides the gradient by a running root mean square of itself
Q: How does Adagrad work?
A: Divides by the root of the sum of all squared gradients; steps only shrink
Q: What is a learning rate schedule?
~ Why change the learning rate during training?
A: Lower the step over time (steps, cosine, linear) so that training settles
Q: Why learning rate warmup?
~ What is the point of warming up the learning rate?
A: Early second-moment estimates are poor; small first steps keep training from diverging
Q: What is gradient clipping?
~ Explain clipping by the gradient norm
A: Rescale the gradient if its norm is above a limit; it tames explosions
Q: Vanishing vs exploding gradients?
~ Why do gradients vanish or explode in deep networks?
A: Products of many Jacobians shrink or grow exponentially with depth
Q: What is a saddle point?
A: A stationary point that is a minimum in some directions and a maximum in others
Q: Convex vs non-convex optimization?
A: Convex: each local minimum is global. Non-convex: there may be many, and saddle points
Q: What is Newton's method?
A: Steps by the inverse Hessian times the gradient; few steps, each expensive
Q: What is weight decay?
~ How does weight decay regularize?
A: Each step shrinks the weights by a small factor; for SGD the same as an L2 penalty
Q: Large batch vs small batch training?
A: Large = fewer, less noisy steps, needs a larger learning rate
Small = noise that often generalises better

## Deep learning
Q: Why ReLU over sigmoid?
~ What advantages does ReLU have over the sigmoid?
~ Why do hidden layers use rectifiers instead of logistic units?
A: No vanishing gradient for positive values
Computationally simpler
Sparsity (neurons can be off)
Q: What is the dying ReLU problem?
A: A unit whose input is always negative has no gradient and never recovers; leaky ReLU helps
Q: What is dropout?
~ Explain dropout
~ How does dropout regularize a network?
A: Randomly zero activations during training
Prevents co-adaptation
Ensemble effect
Q: Why scale activations in dropout?
A: So that the expected input of the next layer is the same in training and at test time
Q: BatchNorm purpose?
~ What is batch normalization for?
~ Why use BatchNorm?
A: Normalize activations per batch
Allows higher learning rates
Reduces internal covariate shift
Q: BatchNorm vs LayerNorm?
~ How does layer normalization differ from batch normalization?
A: BatchNorm = over the batch, per feature, needs running statistics
LayerNorm = over features, per sample, same at test time
Q: Pre-norm vs post-norm transformer?
A: Pre-norm = normalise inside the branch, trains stably when deep
Post-norm = after the addition, needs warmup
Q: What is a residual connection?
~ Why do skip connections help?
A: The input is added to the block's output, so gradients have a path without obstacles
Q: What is weight initialization for?
A: Keep the variance of activations and gradients the same from layer to layer
Q: Xavier vs He initialization?
~ When do you choose He over Xavier initialization?
A: Xavier = variance 2 / (in + out), for tanh
He = variance 2 / in, for ReLU
Q: What is label smoothing?
A: Targets of 1 - e and e / (k - 1) instead of one-hot; less overconfidence
Q: What is knowledge distillation?
~ How does a student network learn from a teacher?
A: A small student is trained on the soft outputs of a large teacher
Q: What is transfer learning?
~ Explain the idea behind transfer learning
A: Reuse weights learnt on a large task as the start for a small one
Q: Fine-tuning vs feature extraction?
A: Fine-tuning updates all the weights; feature extraction freezes the body and trains a head
Q: What is mixed precision training?
A: Compute in 16 bits, keep master weights in 32 bits, scale the loss
Q: What is gradient accumulation?
A: Sum the gradients of several small batches before one step
Q: What is gradient checkpointing?
A: Store few activations and recompute the rest in the backward pass: memory for time
Q: What is the universal approximation theorem?
A: One wide enough hidden layer approximates any continuous function on a compact set

## Vision
Q: What is a convolution layer?
~ Describe a convolutional layer
A: A small kernel slides over the input: local, shared weights, equivariant to shifts
Q: What is max pooling?
A: The largest value of each window; keeps the strongest response
Q: What is average pooling?
A: The mean value of each window; keeps the overall response
Q: What is a dilated convolution?
A: A kernel with gaps: a larger receptive field for the same number of weights
Q: What is a transposed convolution?
A: The adjoint of a convolution, used to make feature maps larger
Q: What is a depthwise separable convolution?
~ How do depthwise and pointwise convolutions save computation?
A: One kernel for each channel, then a 1x1 mix of the channels: far fewer multiplications
Q: What does a 1x1 convolution do?
A: Mixes channels at each pixel; changes their number cheaply
Q: What is the receptive field?
A: The part of the input that one output unit can see
Q: What is IoU?
A: Intersection over union of two boxes or masks
Q: What is non-maximum suppression?
~ How does NMS remove double detections?
A: Keep the best box, drop those that overlap it too much, go on with the rest
Q: What is data augmentation?
~ Name the purpose of augmenting data
A: Random changes that keep the label: flips, crops, colours; more data for free
Q: CNN vs Vision Transformer?
A: A CNN has locality built in; a Vision Transformer learns it and needs more data

## Language
Q: Attention mechanism?
~ How does attention work?
~ Explain the attention mechanism
A: Weighted sum of values based on query-key similarity
Allows focusing on relevant parts
Handles variable-length sequences
Q: Transformer vs RNN?
~ Why did transformers replace RNNs?
A: Transformer = parallel, global attention, O(n²) memory
RNN = sequential, local by default, O(n) memory
Q: What is self-attention?
A: Queries, keys and values all come from the same sequence
Q: What is cross-attention?
A: Queries from one sequence, keys and values from another one
Q: What is multi-head attention?
~ Why several heads in attention?
A: Several attentions in parallel on parts of the width, joined by a projection
Q: Why divide by the square root of d in attention?
~ What is the scaling of dot-product attention for?
A: Dot products grow with the width; without scaling the softmax saturates
Q: What is a positional encoding?
~ Why does a transformer need positional encodings?
A: Attention ignores order; vectors that depend on the position are added
Q: What is rotary position embedding?
A: Queries and keys are turned by an angle that grows with the position
Q: What is a causal mask?
A: Position i may only see positions up to i
Q: What is a padding mask?
A: Positions that only fill up a batch get no attention
Q: Encoder vs decoder?
~ How do the encoder and the decoder of a transformer differ?
A: An encoder sees the whole input; a decoder sees what it wrote so far
Q: BERT vs GPT?
~ Compare GPT with BERT
A: BERT = encoder, masked words, for understanding
GPT = decoder, next word, for generation
Q: What is a KV cache?
A: Keys and values of earlier tokens are kept, so each new token costs one step
Q: What is byte pair encoding?
~ How does BPE build its vocabulary?
A: Merge the most frequent pair of symbols again and again
Q: What is beam search?
A: Keep the k best partial sequences at each step
Q: What is top-k sampling?
A: Sample among the k most likely tokens
Q: What is top-p sampling?
A: Sample among the smallest set of tokens whose probability exceeds p
Q: What does the temperature of a softmax do?
A: Divides the logits: low is greedy, high is uniform
Q: What is LoRA?
~ How does low-rank adaptation fine-tune a large model?
A: Freeze the weights, learn a low-rank update beside them
Q: What is retrieval-augmented generation?
A: Fetch passages for the query and put them into the prompt
Q: What is RLHF?
A: A reward model learnt from preferences, then a policy optimised against it
Q: What is word2vec?
A: Vectors learnt by predicting a word from its context, or the context from a word
Q: LSTM vs GRU?
~ How is a GRU simpler than an LSTM?
A: LSTM = three gates and a cell state
GRU = two gates, no cell state, fewer weights

## Classics
Q: Bagging vs Boosting?
~ What distinguishes boosting from bagging?
~ How do bagging and boosting differ?
A: Bagging = parallel, reduce variance (Random Forest)
Boosting = sequential, reduce bias (XGBoost)
Q: What is a random forest?
~ How is a random forest grown?
A: Trees on bootstrap samples, each split among a random part of the features, averaged
Q: What is gradient boosting?
~ Explain how gradient boosting builds trees
A: Each new tree fits the negative gradient of the loss at the present prediction
Q: How does a decision tree choose a split?
~ By which criterion does a decision tree split?
A: The one that lowers impurity (Gini or entropy) most
Q: Gini impurity vs entropy?
A: Gini = 1 - sum p², faster
Entropy = -sum p log p, nearly the same trees
Q: What is k-means?
~ Describe the k-means algorithm
A: Assign points to the nearest centre, move the centres to the means, repeat
Q: What is k-means++?
A: Pick first centres far apart: with probability proportional to the squared distance
Q: What is k-nearest neighbours?
A: Vote among the k nearest training points
Q: k-means vs Gaussian mixture?
A: k-means = hard assignment, round clusters
Gaussian mixture = soft assignment, any ellipse
Q: What is PCA?
~ Explain principal component analysis
~ How does PCA reduce dimensions?
A: Projects on the directions of the largest variance: top eigenvectors of the covariance
Q: PCA vs LDA?
A: PCA ignores labels, keeps variance; LDA uses labels, separates the classes
Q: What is a support vector machine?
~ What does an SVM optimise?
A: The separating plane with the largest margin; kernels make it non-linear
Q: What is the kernel trick?
A: Inner products in a feature space without ever computing the features
Q: What is naive Bayes?
~ Why is naive Bayes called naive?
A: Bayes' rule with features taken as independent given the class
Q: What is logistic regression?
A: A linear model of the log-odds, fitted by maximum likelihood
Q: Linear vs logistic regression?
A: Linear predicts a number with squared loss; logistic a probability with log loss
Q: What is maximum likelihood?
A: Choose the parameters under which the data are most probable
Q: MLE vs MAP?
~ How does MAP estimation extend maximum likelihood?
A: MLE maximises p(data | w); MAP also multiplies by the prior p(w)
Q: What is the EM algorithm?
A: E: expected hidden variables; M: maximise the parameters; repeat, the likelihood never falls
Q: Covariance vs correlation?
A: Correlation is covariance divided by both standard deviations: between -1 and 1
Q: What is KL divergence?
~ Define the Kullback-Leibler divergence
A: E_p[log p / q], never negative, not symmetric
Q: What is a p-value?
A: The probability of data at least as extreme if the null hypothesis holds
"""


class Asked(NamedTuple):
    """A question of the corpus, its section, its answer, and other words for it."""

    section: str
    question: str
    answer: str
    paraphrases: tuple[str, ...]


def corpus() -> list[Asked]:
    """Return the questions of the corpus in their order."""
    found: list[Asked] = []
    for part in _TEXT.strip().split("## ")[1:]:
        section, _, body = part.partition("\n")
        for block in ("\n" + body.strip()).split("\nQ: ")[1:]:
            asked, _, answer = block.partition("\nA: ")
            question, *others = asked.split("\n~ ")
            found.append(Asked(section, question, answer.strip(), tuple(others)))
    return found
