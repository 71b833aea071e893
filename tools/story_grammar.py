"""Makes short stories from plots whose sentences have alternatives and slots."""
import random
import re
import zlib
from dataclasses import dataclass, field

import tiny_words as w
from tiny_plots import ENDINGS, OPENINGS, PLOTS

HELD_OUT_SHARE = 40  # one story key in so many is never trained on
_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_ARTICLE = re.compile(r"\b([Aa]) (?=[aeiouAEIOU](?!ni[cqv]|ne\b|se)|honest|hour)")


def correct_articles(text):
    return _ARTICLE.sub(lambda match: match.group(1) + "n ", text)


def expand(text, rng, slots):
    """Resolves [a|b] alternatives, innermost first, then {slots}; corrects a/an; starts sentences with a capital."""
    while True:
        text, count = _CHOICE.subn(lambda match: rng.choice(match.group(1).split("|")), text)
        if count == 0:
            break
    text = correct_articles(text.format_map(slots))
    return re.sub(r"(^|[.!?] |\.\" |, \")([a-z])", lambda match: match.group(1) + match.group(2).upper(), text)


@dataclass
class Story:
    text: str
    plot: str
    slots: dict = field(repr=False)

    @property
    def held_out(self):
        key = "|".join((self.plot, self.slots["hero"], self.slots["kind"]))
        return zlib.crc32(key.encode()) % HELD_OUT_SHARE == 0


def pronouns(female, prefix=""):
    forms = ("she", "her", "her", "herself") if female else ("he", "him", "his", "himself")
    return {prefix + key: form for key, form in zip(("he", "him", "his", "self"), forms)}


def person(rng, wanted_kind=None, wanted_name=None, helper=False):
    """(name, kind, female) of somebody in a story."""
    female = rng.random() < 0.5
    if wanted_name:
        female = wanted_name in w.GIRLS
    elif wanted_kind in ("girl", "princess", "queen"):
        female = True
    elif wanted_kind in ("boy", "prince", "king", "shepherd", "fisherman", "blacksmith"):
        female = False
    name = wanted_name or rng.choice(w.GIRLS if female else w.BOYS)
    if wanted_kind:
        kind = wanted_kind
    elif helper or rng.random() < 0.6:
        kind = rng.choice(w.HELPER_KINDS if helper else w.ANIMALS)
    else:
        kind = rng.choice(w.GIRL_KINDS if female else w.BOY_KINDS)
    return name, kind, female


def fill_slots(rng, kind=None, name=None, home=None, thing=None):
    hero, hero_kind, female = person(rng, kind, name)
    while True:
        friend, friend_kind, friend_female = person(rng, helper=True)
        if friend != hero and friend_kind != hero_kind:
            break
    trait, friend_trait = rng.sample(w.TRAITS, 2)
    home = home or rng.choice(w.HOMES)
    place, place2 = rng.sample([place for place in w.PLACES if place != home], 2)
    toy, toy2 = rng.sample([toy for toy in w.TOYS if toy != thing], 2)
    slots = dict(hero=hero, kind=hero_kind, trait=trait, friend=friend, fkind=friend_kind, ftrait=friend_trait,
                 home=home, place=place, place2=place2, thing=thing or toy, thing2=toy2)
    slots |= pronouns(female) | pronouns(friend_female, "f")
    lists = dict(food=w.FOODS, foods=w.MANY_FOODS, dish=w.DISHES, plant=w.PLANTS, color=w.COLORS, weather=w.WEATHER,
                 time=w.TIMES, feeling=w.FEELINGS, skill=w.SKILLS, instrument=w.INSTRUMENTS, game=w.GAMES,
                 valuables=w.VALUABLES)
    slots |= {slot: rng.choice(choices) for slot, choices in lists.items()}
    return slots


def make_story(rng, plot=None, **wanted):
    """One story; `wanted` may fix the hero's kind and name, the home, and the thing (then of a plot that has one)."""
    slots = fill_slots(rng, **wanted)
    if plot is None:
        with_thing = [name for name, beats in PLOTS.items() if any("{thing}" in beat for beat in beats)]
        plot = rng.choice(with_thing if wanted.get("thing") else list(PLOTS))
    beats = [rng.choice(OPENINGS), *PLOTS[plot], rng.choice(ENDINGS)]
    return Story(" ".join(expand(beat, rng, slots) for beat in beats), plot, slots)


def make_split_story(rng, held_out, **wanted):
    """A story of the training split, or of the held-out one."""
    while True:
        story = make_story(rng, **wanted)
        if story.held_out == held_out:
            return story


if __name__ == "__main__":
    source = random.Random(0)
    for _ in range(20):
        print(make_story(source).text, end="\n\n")
