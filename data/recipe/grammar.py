"""The sentences of the embedded corpus: a voice assistant's domain of about 300 words.

Everything is written out in lower case, without digits or punctuation, so that the text is the CTC target as it
stands. A sentence is drawn by expanding a template's `{slots}` with a seeded generator.
"""

# ruff: noqa: SIM905 (lists of words read best as sentences)

from __future__ import annotations

import random
import re
from collections.abc import Callable

UNITS = "one two three four five six seven eight nine".split()
TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
).split()
LETTERS = list("abcdefghijklmnopqrstuvwxyz")

SLOTS: dict[str, list[str]] = {
    "room": [*"kitchen bedroom bathroom garage hallway office garden attic".split(), "living room", "dining room"],
    "device": ["light", "lights", "heater", "fan", "television", "radio", "lamp", "air conditioner"],
    "colour": "red green blue yellow white orange purple".split(),
    "name": "anna david maria peter sarah james emma oliver laura thomas julia henry".split(),
    "relation": "mother father brother sister doctor neighbour teacher boss".split(),
    "day": "monday tuesday wednesday thursday friday saturday sunday today tomorrow tonight".split(),
    "month": "january february march april may june july august september october november december".split(),
    "task": [
        "buy milk", "feed the cat", "water the plants", "pay the rent", "pick up the children", "walk the dog",
        "take the medicine", "send the letter", "book a table", "clean the windows", "charge the phone",
        "wash the car",
    ],
    "item": (
        "bread milk eggs butter cheese apples bananas rice coffee tea sugar salt onions potatoes tomatoes chicken "
        "soap flour"
    ).split(),
    "container": ["bottles of", "boxes of", "bags of", "pounds of", "cans of"],
    "genre": "jazz rock classical country pop folk".split(),
    "playlist": ["my favourite songs", "the morning playlist", "some quiet music", "the next song", "the evening news"],
    "place": [
        "the airport", "the station", "the hospital", "the library", "the museum", "the nearest bank", "the harbour",
        "the supermarket", "the school", "the old bridge", "the city centre", "the post office",
    ],
    "street": "main church park river station market hill lake".split(),
    "weather": "rain snow sunny windy cloudy warm cold foggy".split(),
    "city": "london paris boston chicago dublin berlin madrid rome".split(),
    "daytime": ["in the morning", "in the afternoon", "in the evening", "at noon", "at midnight"],
    "operation": ["plus", "minus", "times", "divided by"],
    "direction": "left right".split(),
    "level": ["up", "down"],
}  # fmt: skip

TEMPLATES: list[str] = [
    "turn {onoff} the {device} in the {room}",
    "please turn the {room} {device} {onoff}",
    "set the {room} lights to {colour}",
    "dim the lights in the {room} to {number} percent",
    "set the temperature in the {room} to {number} degrees",
    "set a timer for {duration}",
    "start a {small} minute timer for the {item}",
    "how much time is left on the {item} timer",
    "cancel the timer and the alarm for {time}",
    "wake me up at {time} {day}",
    "set an alarm for {time} on {weekday}",
    "remind me to {task} {day} at {time}",
    "remind me to {task} when i get to {place}",
    "remind {name} to {task} {daytime}",
    "call {name} on the mobile phone",
    "call my {relation} {daytime}",
    "send a message to {name} that i will be {number} minutes late",
    "tell my {relation} that i am at {place}",
    "dial {digits}",
    "my phone number is {digits}",
    "play {genre} music in the {room}",
    "play {playlist} at volume {unit}",
    "turn the volume {level} and play {playlist}",
    "add {item} and {item} to the shopping list",
    "add {small} {container} {item} to my shopping list",
    "remove the {item} from the list and add {item}",
    "how do i get to {place} from {street} street",
    "take me to {number} {street} street",
    "turn {direction} after {number} miles and then {direction} at {place}",
    "how long does it take to drive to {city}",
    "will it {weathers} in {city} {day}",
    "what is the weather like in {city} on {date}",
    "is it going to be {adjective} {day} {daytime}",
    "what is {number} {operation} {number}",
    "how much is {number} percent of {hundreds}",
    "the meeting with {name} is on {date} at {time}",
    "my birthday is on {date}",
    "what day is {date}",
    "the bill for the {item} comes to {amount}",
    "send {amount} to {name}",
    "i paid {amount} for the {item} {day}",
    "the name is spelled {spelled}",
    "my {relation} spells the name {spelled}",
    "the flight to {city} leaves at {time} on {weekday}",
    "there are {small} {container} {item} in the {room}",
]


def number(rng: random.Random) -> str:
    """A cardinal number from one to ninety nine."""
    value = rng.randint(1, 99)
    if value < 10:
        return UNITS[value - 1]
    if value < 20:
        return TEENS[value - 10]
    tens, unit = divmod(value, 10)
    return TENS[tens - 2] + (f" {UNITS[unit - 1]}" if unit else "")


def hundreds(rng: random.Random) -> str:
    """A round or odd number of hundreds or thousands."""
    scale = rng.choice(["hundred", "thousand"])
    rest = f" and {number(rng)}" if rng.random() < 0.4 else ""
    return f"{rng.choice(UNITS)} {scale}{rest}"


def amount(rng: random.Random) -> str:
    """A sum of money."""
    currency = rng.choice(["dollars", "pounds", "euros"])
    if rng.random() < 0.3:
        return f"{hundreds(rng)} {currency}"
    cents = f" and {rng.choice(TENS)} cents" if rng.random() < 0.4 else ""
    return f"{number(rng)} {currency}{cents}"


def clock_time(rng: random.Random) -> str:
    """A time of day as people say it."""
    hour = rng.choice(UNITS + TEENS[:3])
    form = rng.randrange(4)
    if form == 0:
        return f"{rng.choice(['half past', 'quarter past', 'quarter to'])} {hour}"
    if form == 1:
        return f"{hour} o'clock"
    if form == 2:
        return f"{hour} {rng.choice(['fifteen', 'twenty', 'thirty', 'forty five', 'fifty'])}"
    return f"{hour} {rng.choice(['a m', 'p m'])}"


def date(rng: random.Random) -> str:
    """A day of a month."""
    ordinal = rng.choice(ORDINALS + [f"twenty {o}" for o in ORDINALS[:9]] + ["thirtieth"])
    return f"the {ordinal} of {rng.choice(SLOTS['month'])}"


def duration(rng: random.Random) -> str:
    """A length of time."""
    value = number(rng)
    unit = rng.choice(["second", "minute", "hour"])
    return f"{value} {unit}" + ("" if value == "one" else "s")


def digits(rng: random.Random) -> str:
    """A telephone number, digit by digit."""
    return " ".join(rng.choice(["zero", *UNITS]) for _ in range(rng.randint(4, 7)))


def spelled(rng: random.Random) -> str:
    """A name, letter by letter."""
    return " ".join(rng.choice(LETTERS) for _ in range(rng.randint(3, 6)))


MAKERS: dict[str, Callable[[random.Random], str]] = {
    "number": number,
    "hundreds": hundreds,
    "amount": amount,
    "time": clock_time,
    "date": date,
    "duration": duration,
    "digits": digits,
    "spelled": spelled,
    "unit": lambda rng: rng.choice(UNITS),
    "small": lambda rng: rng.choice(UNITS[1:] + TEENS[:3]),
    "onoff": lambda rng: rng.choice(["on", "off"]),
    "weekday": lambda rng: rng.choice(SLOTS["day"][:7]),
    "weathers": lambda rng: rng.choice(SLOTS["weather"][:2]),
    "adjective": lambda rng: rng.choice(SLOTS["weather"][2:]),
}


def sentence(rng: random.Random) -> str:
    """Draw one sentence."""

    def fill(match: re.Match[str]) -> str:
        slot = match.group(1)
        return MAKERS[slot](rng) if slot in MAKERS else rng.choice(SLOTS[slot])

    return agree(re.sub(r"\{(\w+)\}", fill, rng.choice(TEMPLATES)))


def agree(text: str) -> str:
    """Mend what a template cannot know: "an eight minute timer", "one mile"."""
    text = re.sub(r"\ba (?=eight|eleven)", "an ", text)
    return re.sub(r"(?<!ty )\bone (minute|mile|degree|dollar|pound|euro)s\b", r"one \1", text)


def distinct_sentences(count: int, seed: int, taken: set[str]) -> list[str]:
    """Draw `count` sentences that are not in `taken`, and add them to it."""
    rng = random.Random(seed)
    drawn: list[str] = []
    while len(drawn) < count:
        text = sentence(rng)
        if text not in taken:
            taken.add(text)
            drawn.append(text)
    return drawn
