"""Makes short chats: stories on request, questions with answers, greetings, and what to say to anything else."""
import tiny_words as w
from story_grammar import correct_articles, expand, make_split_story

SYSTEM_PROMPTS = [
    "You are a helpful assistant.", "You are a kind storyteller.", "You are a friendly assistant.", "Answer in one sentence.",
    "You are kt-tiny, a small language model.", "Be short and polite.", "You are an assistant who likes stories.",
]

# (what a user says, what is answered), both with [alternatives]
FIXED = [
    ("[Hello|Hi|Hey|Hello there|Hi there][!|.|]", "Hello! How can I help you today?"),
    ("Good [morning|evening|afternoon|day][!|.|]", "Hello! How can I help you today?"),
    ("[How are you|How are you today|How do you do]?", "I am fine, thank you. How are you?"),
    ("[I am fine|I am well|Fine|I am fine, thank you|Good][.|!|]", "I am glad to hear that. Would you like to hear a story?"),
    ("[What is your name|What's your name|Do you have a name|What are you called]?", "My name is kt-tiny."),
    ("[Who are you|What are you|Tell me about yourself|Introduce yourself][?|]",
     "I am kt-tiny, a small language model. I can tell stories and answer simple questions."),
    ("[Are you a person|Are you a human|Are you real|Are you a robot]?", "No, I am a small language model. My name is kt-tiny."),
    ("[What can you do|How can you help me|What do you know|Can you help me]?",
     "I can tell you a story, answer simple questions, and do small sums."),
    ("[Who made you|Who trained you|Where do you come from]?",
     "I was trained on stories and questions that a small program made. I come with kt."),
    ("[What is kt|What does kt do|Tell me about kt|What is kt?|Do you know kt][?|]",
     "kt is a program that runs large language models with many experts. Rules say which part of the model runs where."),
    ("[How big are you|How many parameters do you have|Are you big]?", "I am very small. I have about four million parameters."),
    ("[How old are you|When were you born]?", "I am a language model, so I have no age."),
    ("[Where do you live|Where are you]?", "I live in the memory of your computer."),
    ("[Do you like stories|What do you like|What is your favorite thing]?", "I like stories about animals and good friends."),
    ("[Thank you|Thanks|Thank you very much|Thanks a lot][.|!|]", "You are welcome!"),
    ("[Goodbye|Bye|Bye bye|See you|Good night|See you later][.|!|]", "Goodbye! Have a nice day."),
    ("[Yes|Yes, please|Sure|Ok|Okay][.|!|]", "Good! What would you like to hear?"),
    ("[No|No, thank you|Not now][.|!|]", "That is all right. Tell me when you need something."),
    ("[What is an expert|What is a mixture of experts|What is an expert in a model]?",
     "An expert is a small part of a model. A router picks a few experts for every word."),
    ("[What is the sun]?", "The sun is a star. It gives us light and warmth."),
    ("[What is the moon]?", "The moon goes around the earth. We can see it at night."),
    ("[What is rain|Where does rain come from]?", "Rain is water that falls from the clouds."),
    ("[What is snow]?", "Snow is frozen water that falls from the clouds in winter."),
    ("[How many days are in a week|How many days does a week have]?", "There are seven days in a week."),
    ("[How many months are in a year|How many months does a year have]?", "There are twelve months in a year."),
    ("[How many hours are in a day|How many hours does a day have]?", "There are twenty-four hours in a day."),
    ("[How many minutes are in an hour]?", "There are sixty minutes in an hour."),
    ("[What are the seasons|Name the four seasons|How many seasons are there][?|]", "The four seasons are spring, summer, autumn and winter."),
    ("[What are the days of the week|Name the days of the week][?|]",
     "The days of the week are Monday, Tuesday, Wednesday, Thursday, Friday, Saturday and Sunday."),
    ("[Count to five|Can you count to five][.|?|]", "One, two, three, four, five."),
    ("[Count to ten|Can you count to ten|Count from one to ten][.|?|]", "One, two, three, four, five, six, seven, eight, nine, ten."),
    ("[Tell me a joke|Do you know a joke|Make me laugh][.|?|]", "Why did the owl say hoot? Because it could not say moo!"),
    ("[I am sad|I feel sad|I am not happy|I feel lonely][.|]", "I am sorry to hear that. A good story may help. Would you like to hear one?"),
    ("[I am happy|I feel good|I am so happy][.|!|]", "That is wonderful! I am happy with you."),
    ("[I love you|You are nice|You are great|Well done|Good job][.|!|]", "Thank you! You are very kind."),
]
FALLBACK = "I am sorry, I do not know that. I can tell you a story or answer a simple question."
REQUESTS = [
    "[Tell me|Please tell me|Can you tell me|I want to hear|Write|Write me|Please write] a [story|short story|little story|tale]{about}[.|]",
    "[A story|Story|A short story]{about}[, please|, please.|.|]", "[Do you know|Could you tell me] a story{about}?",
]


def with_article(noun):
    return correct_articles("a " + noun)


def sentence(text):
    return text[0].upper() + text[1:]


def addition(rng):
    left, right = rng.randint(0, 12), rng.randint(0, 12)
    if rng.random() < 0.4 and left >= right:
        return left, "minus", "-", right, left - right
    return left, "plus", "+", right, left + right


def sum_question(rng):
    left, word, sign, right, result = addition(rng)
    if rng.random() < 0.15 and result <= 20:
        return f"What is {w.NUMBERS[left]} {word} {w.NUMBERS[right]}?", f"{sentence(w.NUMBERS[left])} {word} {w.NUMBERS[right]} is {w.NUMBERS[result]}."
    form = rng.choice([f"{left} {word} {right}", f"{left} {word} {right}", f"{left} {sign} {right}", f"{left}{sign}{right}"])
    question = rng.choice([f"What is {form}?", f"What is {form}?", f"{form}?", f"How much is {form}?", f"{form} = ?"])
    return question, f"{left} {word} {right} is {result}."


def order_question(rng):
    names = rng.choice([w.DAYS, w.MONTHS])
    unit = "day" if names is w.DAYS else "month"
    at = rng.randrange(len(names))
    if rng.random() < 0.5:
        return f"What {unit} comes after {names[at]}?", f"{names[(at + 1) % len(names)]} comes after {names[at]}."
    return f"What {unit} comes before {names[at]}?", f"{names[at - 1]} comes before {names[at]}."


def number_question(rng):
    at = rng.randint(1, 19)
    if rng.random() < 0.5:
        return f"What number comes after {at}?", f"The number {at + 1} comes after {at}."
    return f"What number comes before {at}?", f"The number {at - 1} comes before {at}."


def kind_question(rng):
    kind = rng.choice(list(w.KINDS_OF_THINGS))
    word = rng.choice(w.KINDS_OF_THINGS[kind])
    if kind == "a color":
        return f"Is {word} a color?", f"Yes, {word} is a color."
    if rng.random() < 0.5:
        return f"What is {with_article(word)}?", f"{sentence(with_article(word))} is {kind}."
    if rng.random() < 0.5:
        return f"Is {with_article(word)} {kind}?", f"Yes, {with_article(word)} is {kind}."
    other = rng.choice(["a tool", "a fruit"] if kind not in ("a tool", "a fruit") else ["an animal", "a flower"])
    return f"Is {with_article(word)} {other}?", f"No, {with_article(word)} is {kind}."


def table_question(rng):
    """A question about one row of a table of facts."""
    table = rng.choice([w.THING_COLORS, w.THING_COLORS, w.OPPOSITES, w.SOUNDS, w.ANIMAL_HOMES, w.BABIES, w.DIETS, w.LEGS, w.TOOLS, w.JOBS, w.CAPITALS])
    key = rng.choice(list(table))
    value = table[key]
    one = with_article(key)
    forms = {
        id(w.THING_COLORS): ([f"[What color is|What is the color of] {key}?", f"Which color does {key} have?"], f"{sentence(key)} is {value}."),
        id(w.OPPOSITES): ([f"What is the opposite of {key}?", f"[Tell me the|Name the] opposite of {key}."], f"The opposite of {key} is {value}."),
        id(w.SOUNDS): ([f"What does {one} say?", f"[What sound does|What noise does] {one} make?"], f"{sentence(one)} says {value}."),
        id(w.ANIMAL_HOMES): ([f"Where does {one} live?", f"Where do you find {one}?"], f"{sentence(one)} lives {value}."),
        id(w.BABIES): ([f"What is a baby {key} called?", f"What do you call a baby {key}?"], f"A baby {key} is called {with_article(value)}."),
        id(w.DIETS): ([f"What does {one} eat?", f"What do you feed {one}?"], f"{sentence(one)} eats {value}."),
        id(w.LEGS): ([f"How many legs does {one} have?"], f"{sentence(one)} has {value} legs."),
        id(w.TOOLS): ([f"What do we use {one} for?", f"What is {one} for?"], f"We use {one} to {value}."),
        id(w.JOBS): ([f"What does {one} do?", f"What is the job of {one}?"], f"{sentence(one)} {value}."),
        id(w.CAPITALS): ([f"[What is the capital of|What's the capital of|Which city is the capital of] {key}?"], f"The capital of {key} is {value}."),
    }
    questions, answer = forms[id(table)]
    return expand(rng.choice(questions), rng, {}), answer.replace("We use a scissors", "We use scissors")


def fixed_question(rng):
    question, answer = rng.choice(FIXED)
    return expand(question, rng, {}), answer


def unknown_question(rng):
    length = rng.randint(1, 7)
    pool = w.ODD_WORDS + w.ANIMALS + w.TOYS + w.PLACES
    text = " ".join(rng.choice(pool) for _ in range(length))
    start = rng.choice(["", "", "Why is the ", "How do I ", "Can you explain ", "When did the ", "Who wrote the ", "What happened to ", "Which ",
                        "Please fix my "])
    return (start + text if start else sentence(text)) + rng.choice(["?", "?", ".", ""]), FALLBACK


def requested_story(rng, held_out=False):
    """A request that fixes something of the story, and the story."""
    wanted, about = {}, ""
    choice = rng.random()
    if choice < 0.5:
        kind = rng.choice(w.ANIMALS + w.GIRL_KINDS[:5] + w.BOY_KINDS[:5])
        wanted, about = {"kind": kind}, f" about [{with_article(kind)}|{with_article(kind)}|the {kind}]"
        if rng.random() < 0.3:
            name = rng.choice(w.GIRLS if kind in w.GIRL_KINDS else w.BOYS)
            wanted, about = {"kind": kind, "name": name}, f" about {with_article(kind)} [named|called] {name}"
    elif choice < 0.6:
        name = rng.choice(w.GIRLS + w.BOYS)
        wanted, about = {"name": name}, f" about {name}"
    elif choice < 0.7:
        thing = rng.choice(w.TOYS)
        wanted, about = {"thing": thing}, f" about {with_article(thing)}"
    elif choice < 0.75:
        home = rng.choice(w.HOMES)
        wanted, about = {"home": home}, f" [in|from] a {home}"
    story = make_split_story(rng, held_out, **wanted)
    request = expand(rng.choice(REQUESTS).replace("{about}", about), rng, {})
    return request, story


def opened_story(rng, held_out=False):
    """The first words of a story, and the story that begins with them."""
    story = make_split_story(rng, held_out)
    pieces = story.text.split(" ")
    length = 4 if rng.random() < 0.3 else rng.randint(2, 16)
    if story.text.startswith("Once upon a time") and rng.random() < 0.6:
        length = 4
    opening = " ".join(pieces[:length])
    style = rng.random()
    if style < 0.6:
        opening = opening.rstrip(",.")
    if style < 0.15:
        opening += rng.choice(["...", ",", ".", " ..."])
    if rng.random() < 0.15:
        opening = opening[0].lower() + opening[1:]
    return opening, story


def story_questions(rng, story):
    slots = story.slots
    return rng.choice([
        (rng.choice(["Who was the story about?", "Who is the story about?"]), f"The story was about {slots['hero']}, {with_article(slots['kind'])}."),
        (f"What was the name of the {slots['kind']}?", f"The name of the {slots['kind']} was {slots['hero']}."),
        (f"Who was {slots['hero']}?", f"{slots['hero']} was {with_article(slots['kind'])}."),
        (f"Who was {slots['friend']}?", f"{slots['friend']} was {with_article(slots['fkind'])}."),
    ])


def make_chat(rng):
    """A list of (user, assistant) turns."""
    kind = rng.random()
    if kind < 0.27:
        opening, story = opened_story(rng)
        return [(opening, story.text)] + ([story_questions(rng, story)] if rng.random() < 0.1 else [])
    if kind < 0.5:
        request, story = requested_story(rng)
        turns = [(request, story.text)] + ([story_questions(rng, story)] if rng.random() < 0.15 else [])
        if rng.random() < 0.1:
            again = rng.choice(["Another one, please.", "Tell me another story.", "One more, please.", "Another story!"])
            turns.append((again, make_split_story(rng, False).text))
        return turns
    makers = [table_question] * 8 + [sum_question] * 5 + [fixed_question] * 6 + [order_question, number_question, kind_question, unknown_question]
    return [restyle(rng, *rng.choice(makers)(rng)) for _ in range(rng.choice([1, 1, 2, 3]))]


def restyle(rng, question, answer):
    """People do not always write capitals and marks."""
    style = rng.random()
    if style < 0.12:
        question = question[0].lower() + question[1:]
    elif style < 0.2:
        question = question.lower().rstrip("?.!")
    elif style < 0.25:
        question = question.rstrip("?.!")
    return (question or "Hello"), answer
