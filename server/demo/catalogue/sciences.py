"""Courses of the sciences. A block a course: title, teaser, lectures; then four terms with their meanings."""

TEXT = """
# Study skills
Learning how to learn | Notes, memory, reading: what helps. | Taking notes; How memory works; Reading a paper
spacing = coming back to a topic after some days instead of repeating it at once
retrieval practice = recalling something from memory before looking it up
interleaving = mixing kinds of exercises instead of doing one kind in a block
summary = the main thought of a text in a few words of one's own

# Physics
Optics | Light as rays and as waves, from the mirror to the laser. | Rays and mirrors; Waves and interference
refraction = the bending of light where it enters another material
focal length = the distance from a lens to the point where it brings parallel rays together
interference = waves that add to or cancel each other where they meet
polarisation = the direction in which the electric field of a light wave swings

Thermodynamics | Heat, work and the arrow of time. | Heat and work; Entropy
entropy = a measure of how many arrangements of the parts look the same from outside
isothermal process = a change during which the temperature stays the same
heat capacity = the energy that warms a body by one degree
heat engine = a machine that turns a flow of heat into work

Quantum mechanics | States, measurements and the hydrogen atom. | States and measurements
superposition = a state that is a sum of several states
observable = a quantity that can be measured, described by an operator
eigenvalue = a value that a measurement can yield
tunnelling = the passing of a particle through a barrier that it could not climb

Astronomy | From the solar system to the expanding universe. | The life of a star; Galaxies
parallax = the apparent shift of a near star as the Earth moves around the Sun
redshift = light that was stretched to longer waves on its way
main sequence = the band of stars that fuse hydrogen in their cores
supernova = the explosion that ends the life of a heavy star

# Mathematics
Linear algebra | Vectors, matrices and the maps behind them. | Vector spaces; Eigenvectors
basis = vectors from which every vector of a space can be made in exactly one way
determinant = the factor by which a linear map changes volumes
eigenvector = a vector whose direction a map leaves unchanged
rank = the dimension of the image of a matrix

Calculus | Limits, derivatives and integrals of one variable. | Limits and derivatives; The integral
derivative = the rate at which a function changes at a point
limit = the value that a sequence comes arbitrarily close to
antiderivative = a function whose derivative is the given one
continuity = the property of having no jumps

Probability | Chance, expectation and the law of large numbers. | Random variables
expectation = the mean of the values of a random variable, weighted by their probabilities
independence = the property that knowing one event tells nothing about another
variance = the mean squared distance from the expectation
conditional probability = the probability of an event once another one is known

Statistics for the social sciences | What samples and tests say. | Samples and estimates; Testing a hypothesis
sample = the part of a population that is observed
confidence interval = a range made so that it covers the true value in most samples
significance level = how often a true null hypothesis is rejected
correlation = a measure of how closely two quantities follow a line together

# Computer science
Introduction to programming | Variables, loops and functions, with Python. | Values and loops; Functions
variable = a name that stands for a value
loop = a part of a program that is repeated
recursion = a function that calls itself
type = the kind of a value, which tells what can be done with it

Sorting and searching | Algorithms and how long they take. | Sorting by comparisons; Search trees
complexity = how the time of an algorithm grows with its input
binary search = halving a sorted list until the item is found
quicksort = sorting by splitting a list at a pivot
hash table = a table whose places are computed from the keys

Databases | The relational model, SQL and transactions. | The relational model
primary key = columns that identify each row of a table
normalisation = splitting tables so that each fact is stored once
transaction = changes that happen together or not at all
index = a structure that finds rows without reading all of them

Computer networks | From the wire to the web. | Packets and routes
packet = a piece of data with its own address
router = a machine that passes packets on towards their address
protocol = rules by which two machines talk to each other
latency = the time that a message takes to arrive

Machine learning | Models that learn, and their limits. | Learning from examples; Neural networks
overfitting = learning the noise of the examples instead of the rule
training set = the examples that a model learns from
gradient descent = walking downhill on the error in small steps
feature = a measured property that a model uses

# Chemistry
General chemistry | Atoms, bonds and reactions. | Atoms and bonds
mole = the amount of a substance with about six times ten to the 23 particles
covalent bond = a bond made of electrons that two atoms share
oxidation = the loss of electrons
catalyst = a substance that speeds up a reaction and is not used up

Organic chemistry | The chemistry of carbon. | Functional groups; Reaction mechanisms
functional group = a group of atoms that decides how a molecule reacts
isomers = molecules of the same atoms in another arrangement
nucleophile = a particle that gives a pair of electrons to form a bond
chirality = the property of differing from one's mirror image

# Biology
Cell biology | How cells are built, live and divide. | The cell
mitochondrion = the part of a cell that releases energy from food
membrane = the thin layer that separates a cell from its surroundings
mitosis = the division of a nucleus into two equal ones
ribosome = the place in a cell where proteins are made

Genetics | Genes, inheritance and the tools that read them. | Inheritance; Reading the genome
allele = one of several forms of a gene
dominance = one form of a gene hiding another
mutation = a lasting change of the genetic material
genotype = the genes that an organism carries

Ecology | Populations, food webs and a changing climate. | Populations and food webs
niche = the place and the role of a species in its surroundings
food web = who eats whom in a community
carrying capacity = the number of individuals that a place can feed for long
keystone species = a species that many others depend on

Neuroscience | From the nerve cell to behaviour. | The nerve cell
synapse = the place where a nerve cell passes a signal on
action potential = the short electric pulse of a nerve cell
neurotransmitter = a substance that carries a signal between two nerve cells
plasticity = the ability of the brain to change with use
"""
