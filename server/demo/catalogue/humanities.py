"""Courses of humanities, law, economics and engineering, in the form of `sciences`."""

TEXT = """
# History
Roman history | From the republic to the empire. | The republic; The empire
consul = one of the two heads of the Roman republic, elected for a year
patrician = a member of the old noble families of Rome
province = a territory outside Italy under a Roman governor
triumvirate = the rule of three men over Rome

The Industrial Revolution | Steam, factories and new cities. | Steam and factories
enclosure = turning common land into private fields
factory system = work with machines, gathered under one roof
urbanisation = the growth of towns by people who move there
steam engine = the machine that drove mills, mines and railways

The twentieth century | Two wars, one divided world, and its end. | Two world wars; The Cold War
armistice = an agreement to stop fighting
appeasement = giving way to demands in order to avoid a war
decolonisation = the end of colonial rule
détente = the easing of tension between two powers

# Philosophy
Introduction to philosophy | Knowledge, reality and how to argue. | What can we know?
premise = a sentence that an argument starts from
empiricism = the view that knowledge comes from experience
dualism = the view that mind and body are two kinds of things
fallacy = an error in reasoning

Ethics | What we owe each other. | Duties and consequences
utilitarianism = judging actions by the happiness that they bring
categorical imperative = acting only by rules that everybody could follow
virtue = a trait of character that makes a person good
autonomy = the ability to decide for oneself

# Languages and arts
Linguistics | Sounds, words and sentences of human language. | Sounds and words
phoneme = the smallest sound that tells two words apart
morpheme = the smallest part of a word that has a meaning
syntax = how words are put together to sentences
pragmatics = what people mean by what they say in a situation

Music theory | Intervals, harmony and form. | Intervals and scales; Harmony
interval = the distance between two notes
cadence = a sequence of chords that ends a phrase
counterpoint = the art of combining independent voices
tonic = the note that a piece comes home to

Art history | From the Renaissance to the present. | The Renaissance
perspective = drawing depth by lines that meet in a point
fresco = a painting on wet plaster
patron = a person who commissions and pays for a work
iconography = the study of what pictures stand for

Academic writing | From the first idea to the finished paper. | Structure of a paper
thesis statement = the sentence that says what a paper will show
citation = a note that tells where a thought comes from
paraphrase = a passage said in other words
abstract = the short text that sums up a paper

# Law
Contract law | Offer, acceptance and what follows. | Offer and acceptance; Breach of contract
offer = a proposal that becomes binding once it is accepted
consideration = what each side gives in return under common law
breach = not doing what was promised in a contract
damages = money that makes up for a loss

Constitutional law | The state, its powers and its limits. | Separation of powers
separation of powers = making, applying and judging laws in different hands
judicial review = the power of courts to examine laws
fundamental right = a right that the state itself has to respect
proportionality = no limit of a right that goes further than it needs to

# Economics
Microeconomics | Households, firms and markets. | Supply and demand; Market failure
elasticity = how strongly demand reacts to a price
opportunity cost = what is given up by choosing something else
externality = an effect on others that no price accounts for
marginal cost = the cost of one more unit

Macroeconomics | Growth, inflation and unemployment. | Inflation and growth
inflation = a general rise of prices
gross domestic product = the value of what a country produces in a year
monetary policy = how a central bank steers money and interest
recession = a time in which an economy shrinks

Accounting | Balance sheets and what they tell. | The balance sheet
asset = something of value that a company owns
liability = what a company owes
depreciation = spreading the cost of a machine over its years of use
equity = what is left for the owners

Marketing | Who buys what, and why. | Knowing the customer
segment = a group of customers with similar needs
positioning = the place of a product in the minds of customers
brand = a name that people connect with a promise
conversion = a visitor who becomes a customer

# Engineering
Statics | Forces in balance: beams, trusses and bridges. | Forces and moments; Trusses
moment of a force = its turning effect about a point
truss = a frame of bars that carry only push and pull
free-body diagram = a sketch of a body with all forces on it
support reaction = the force with which a bearing holds a structure

Electrical circuits | Voltage, current and alternating current. | Direct current; Alternating current
resistance = what opposes the flow of current
capacitor = a part that stores charge between two plates
impedance = resistance to alternating current
node = a point at which wires meet

Materials science | Why metals bend and glass breaks. | Stress and strain
yield strength = the stress at which a material begins to stay deformed
alloy = a metal mixed with other elements
fatigue = damage by loads that come again and again
crystal lattice = the regular arrangement of atoms in a solid

# Medicine
Anatomy | The human body from the bones to the organs. | Bones and joints
cartilage = the smooth tissue on the ends of bones
tendon = the band that ties a muscle to a bone
artery = a vessel that carries blood away from the heart
pelvis = the ring of bones between the spine and the legs

Public health | What keeps populations healthy. | Epidemics
incidence = the new cases of a disease in a time
prevalence = all cases of a disease at a time
vaccination = training the immune system before an infection
screening = looking for a disease before it shows
"""
