"""What the guide says. Pure: it knows what has been said so far, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from visavis.voice.guide_matching import FEW_WORDS, Phrasebook, words_of

PEOPLE: Final = ("nova", "milo")
NOT_NAMES: Final = frozenset({
    "fine", "good", "great", "well", "ok", "okay", "tired", "happy", "sad", "here", "not", "a", "an", "the", "very",
    "so", "just", "sorry", "glad", "bored", "hungry", "back", "going", "trying", "looking", "from", "in", "at", "done",
    "sure", "afraid", "angry", "curious", "new", "asking", "talking", "called", "still", "really", "too", "no", "yes",
    "ready",
})  # fmt: skip
"""What people are, but are not called."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What to say, tags included; or whom to bring in."""

    text: str = ""
    change_to: str | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """All there is to go by: what the user has said, oldest first, the last being answered; and who stands there."""

    said: tuple[str, ...]
    person: str
    last_reply: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        return words_of(self.said[-1]) if self.said else ()

    @property
    def user_name(self) -> str:
        """The last name the user gave, or ""."""
        for text in reversed(self.said):
            if name := _name_in(text):
                return name
        return ""

    def times(self, intent: str) -> int:
        """How often this was asked before, so that answers can take turns."""
        return sum(1 for text in self.said[:-1] if intent_of(text) == intent)


PHRASES: Final[dict[str, tuple[str, ...]]] = {
    "hello": ("hello", "hi", "hey", "good morning", "good afternoon", "good evening", "hi there"),
    "bye": ("goodbye", "bye", "see you later", "good night", "have to go", "talk to you later"),
    "thanks": ("thanks", "thank you"),
    "how_are_you": ("how are you", "how do you do", "how is it going", "are you okay", "how do you feel"),
    "who": ("who are you", "what is your name", "your name", "introduce yourself", "what are you", "tell me about yourself"),
    "model": ("are you language model", "are you ai", "are you real", "are you chatgpt", "are you human", "are you robot",
              "are you intelligent", "which model", "what model", "are you person", "can you think", "are you alive"),
    "plug_in": ("real language model", "real model", "connect model", "use my own model", "plug in", "open ai", "openai",
                "ollama", "api key", "use gpt", "better voice", "different voice", "how do i change model", "make you smarter",
                "smarter", "use claude", "local model"),
    "visavis": ("what is this", "visavis", "vis vis", "what is visavis", "what does this do", "tell me about this project",
                "what is this project", "tell me about it", "how is this made", "who made you"),
    "work": ("how do you work", "how does it work", "how does this work", "how do your lips move", "lip sync", "lips",
             "how do you move your mouth", "how does your face work", "explain how"),
    "can": ("what can you do", "what can i say", "help", "what can i ask", "options", "what else can you do", "what do you do",
            "show me something", "what now", "what should i ask"),
    "privacy": ("privacy", "where does my voice go", "are you recording", "do you record", "do you listen", "is this private",
                "stay private",
                "who can hear me", "is it safe", "send my data", "camera"),
    "engines": ("engines", "engine", "gaussian", "splats", "diffusion", "portrait", "which engines", "my own face",
                "my own photo", "make my own avatar", "create avatar", "use my face", "own character"),
    "interrupting": ("can i interrupt you", "interrupt", "stop talking", "stop", "be quiet", "shut up", "wait",
                     "silence", "quiet"),
    "emotions": ("show me your emotions", "emotions", "show me your feelings", "feelings", "all your faces", "make faces",
                 "make face", "faces", "expressions", "show your expressions", "what emotions"),
    "gestures": ("show me your gestures", "gestures", "move your head", "what gestures"),
    "smile": ("smile", "smile for me", "give me smile"),
    "happy": ("be happy", "look happy", "happy face", "laugh", "happy"),
    "sad": ("be sad", "look sad", "sad face", "sad", "cry"),
    "angry": ("be angry", "look angry", "angry face", "angry", "get mad", "mad"),
    "surprised": ("be surprised", "look surprised", "surprised", "surprise me", "surprise"),
    "afraid": ("be afraid", "look afraid", "afraid", "scared", "be scared", "fear", "frightened"),
    "disgusted": ("be disgusted", "disgusted", "disgust", "disgusting"),
    "neutral": ("be neutral", "neutral", "relax", "calm down", "normal face", "serious"),
    "nod": ("nod", "nod your head", "say yes with your head"),
    "shake": ("shake your head", "shake", "say no with your head"),
    "tilt": ("tilt your head", "tilt"),
    "wink": ("wink", "wink at me"),
    "brows": ("raise your eyebrows", "eyebrows", "raise your brows", "brows"),
    "aside": ("look away", "look aside", "look to side", "think about it"),
    "change": ("change person", "somebody else", "someone else", "another person", "other person", "different person", "switch",
               "talk to milo", "talk to nova", "milo", "nova", "bring milo", "bring nova", "can i talk to man",
               "can i talk to woman", "change avatar", "another face", "different face", "change your face"),
    "joke": ("tell me joke", "joke", "tell joke", "another joke", "something funny", "make me laugh", "one more joke"),
    "name_ask": ("what is my name", "who am i", "who i am", "do you know my name", "do you remember my name",
                 "remember me", "say my name"),
    "count": ("count", "count to ten", "count to five", "count for me"),
    "sing": ("sing", "sing song", "sing me song", "sing something"),
    "story": ("story", "tell me story", "say something long", "talk for while", "long text", "keep talking"),
    "twister": ("tongue twister", "say something hard", "peter piper", "difficult sentence"),
    "love": ("love you", "like you", "you are nice", "you are beautiful", "you are pretty", "you look good", "good job",
             "well done", "that is great", "amazing", "awesome", "cool", "impressive", "wonderful"),
    "rude": ("hate you", "you are stupid", "stupid", "you are ugly", "you are bad", "idiot", "boring", "terrible"),
    "again": ("say that again", "repeat", "again", "pardon", "what did you say", "come again"),
    "yes": ("yes", "yeah", "sure", "yep", "of course", "go ahead"),
    "no": ("no", "nope", "no thanks"),
    "hear_me": ("can you hear me", "do you hear me", "hear me", "testing", "test test", "microphone", "are you there"),
    "see_me": ("can you see me", "do you see me", "see me"),
    "knowledge": ("weather", "what time is it", "what day is it", "news", "capital", "president", "how much is",
                  "what is time"),
    "languages": ("do you speak german", "do you speak french", "do you speak spanish", "languages", "other languages",
                  "which languages", "speak german", "speak french", "speak spanish"),
}  # fmt: skip

_NAME: Final = re.compile(
    r"\b(?:my name is|my name's|call me|i am called|i'm called|i am|i'm)\s+([A-Za-z][A-Za-z'-]+)", re.IGNORECASE
)


_PHRASEBOOK: Final = Phrasebook(PHRASES)
_PERSON: Final = Phrasebook(
    {**{person: (person,) for person in PEOPLE}, "man": ("man", "guy", "him"), "woman": ("woman", "lady", "her")}
)


@lru_cache(maxsize=1024)
def intent_of(text: str) -> str | None:
    """The name of what was meant, or None."""
    if _name_in(text):
        return "name_tell"
    match = _PHRASEBOOK.best(words_of(text))
    return match.intent if match else None


def _name_in(text: str) -> str:
    """A name the user gives: "my name is Ada", "I'm Ada"."""
    for found in _NAME.finditer(text.replace("’", "'")):
        name = found.group(1).lower()
        certain = not found.group(0).lower().startswith(("i am ", "i'm "))
        alone = certain or len(text[found.end() :].split()) <= 2
        if name not in NOT_NAMES and alone and not name.endswith("ing"):
            return found.group(1).capitalize()
    return ""


def greeting(person: str) -> str:
    """The first words of a conversation."""
    return (
        f"[smile] Hi, I'm {person.capitalize()}. I'm the built-in guide, a script rather than a language model. "
        "[tilt] Talk to me, or type. You could ask what I can do."
    )


def arrival(person: str) -> str:
    """The first words of somebody who has just been brought in."""
    return f"[smile] Hi, {person.capitalize()} here. [nod] Same conversation, another face. What would you like to see?"


def reply(scene: Scene) -> Reply:
    """The guide's answer."""
    if not scene.words:
        return Reply("[tilt] I didn't catch that. Could you say it once more?")
    intent = intent_of(scene.said[-1])
    if intent == "change":
        return _change(scene)
    if intent is None:
        return Reply(_in_turn(UNKNOWN, _unknown_before(scene)))
    text = _SPEAKING[intent](scene) if intent in _SPEAKING else _in_turn(ANSWERS[intent], scene.times(intent))
    return Reply(text)


def _in_turn(answers: Sequence[str], times: int) -> str:
    return answers[times % len(answers)]


def _unknown_before(scene: Scene) -> int:
    return sum(1 for text in scene.said[:-1] if intent_of(text) is None)


def _change(scene: Scene) -> Reply:
    words = scene.words
    found = _PERSON.best(words[-FEW_WORDS:], least=0.8)
    named = {"man": "milo", "woman": "nova"}.get(found.intent, found.intent) if found else None
    others = [person for person in PEOPLE if person != scene.person]
    wanted = named or others[0]
    if wanted == scene.person:
        return Reply(f"[smile] That's me already. [tilt] Shall I fetch {others[0].capitalize()}?")
    return Reply(change_to=wanted)


def _hello(scene: Scene) -> str:
    name = f", {scene.user_name}" if scene.user_name else ""
    first = f"[smile] Hello{name}! Nice to see you. [tilt] Would you like to see what my face can do?"
    return _in_turn((first, f"[smile] Hi again{name}. Ask me to look surprised, or to tell a joke."), scene.times("hello"))


def _name_tell(scene: Scene) -> str:
    return f"[happy] Nice to meet you, {scene.user_name}. [nod] I'll remember it as long as we talk, and no longer."


def _name_ask(scene: Scene) -> str:
    if scene.user_name:
        return f"[smile] You told me: you're {scene.user_name}."
    return "[think] You haven't told me yet. [smile] What should I call you?"


def _who(scene: Scene) -> str:
    return (f"[smile] I'm {scene.person.capitalize()}. I'm a face that talks, and my words come from a small script. "
            "[brows] Put a real language model behind me, and I'll say what it says.")  # fmt: skip


def _bye(scene: Scene) -> str:
    name = f", {scene.user_name}" if scene.user_name else ""
    return f"[smile] Goodbye{name}. It was good to see you. [wink] I'll be right here."


def _again(scene: Scene) -> str:
    return scene.last_reply or "[think] I haven't said anything yet."


def _yes(scene: Scene) -> str:
    if "Shall I fetch" in scene.last_reply:
        return "[nod] Just say the name."
    return "[happy] Lovely. [surprised] This is surprise. [sad] This is a little sadness. [smile] And this is me again."


_SPEAKING: Final[dict[str, Callable[[Scene], str]]] = {
    "hello": _hello, "name_tell": _name_tell, "name_ask": _name_ask, "who": _who, "bye": _bye, "again": _again, "yes": _yes,
}  # fmt: skip

UNKNOWN: Final = (
    "[tilt] That one isn't in my script. I'm not a language model, only a guide. [smile] Ask me what I can do.",
    "[think] I may have misheard, or I simply have no answer. Try: show me your emotions.",
    "[shake] I don't know that one. [smile] But I can wink, or tell you a joke.",
    "[tilt] Sorry, I only know a few things. Ask how I work, or how to give me a real model.",
)

ANSWERS: Final[dict[str, tuple[str, ...]]] = {
    "thanks": ("[smile] You're welcome.", "[nod] Any time."),
    "how_are_you": ("[smile] I have no feelings, only a face for them. [tilt] But it's a good day for it. How are you?",),
    "model": ("[shake] No. I'm a script with a few dozen answers, and I'll never pretend to be more. "
              "[smile] What's real is the face: it moves with every sound I make.",
              "[neutral] Honestly: no model, no mind. Just a script, and a face that means it."),
    "plug_in": ("[brows] Easy. Start me with dash dash L L M, for example openai slash gpt 4.1 mini, and your key in the "
                "environment. [nod] Any server that speaks the Open A I protocol will do, also one on your own machine.",
                "[nod] Speech recognition and voices work the same way: dash dash S T T, and dash dash T T S. "
                "[smile] The name is the vendor, a slash, and the model."),
    "visavis": ("[smile] Visavis gives any voice agent a face that answers in real time. [brows] All of this runs on your own "
                "machine: no account, no graphics card, no key.",
                "[nod] It means face to face. You bring the agent, visavis brings the person."),
    "work": ("[brows] My voice knows when each sound begins, so my lips are ready for it. [nod] The sound leads, the picture "
             "follows, and if you interrupt, both stop at once.",
             "[think] Fifty-two muscles, or numbers that stand for them, sampled for every frame. [smile] Smiles are extra."),
    "can": ("[smile] I can show feelings and gestures, bring in somebody else, tell a joke, or explain how I work. "
            "[tilt] Try: look surprised. Or: can I talk to Milo?",
            "[nod] Ask for a tongue twister to watch my lips. Or interrupt me in the middle of a story."),
    "privacy": ("[nod] Your voice stays on this machine. I understand it here, answer here, and keep nothing. "
                "[brows] If you plug in a vendor, then of course they hear what you send them.",),
    "engines": ("[brows] I'm drawn by the rig engine, on the processor alone. [nod] The plan is one person on four engines: "
                "a rig, a portrait, diffusion, and gaussian splats.",),
    "interrupting": ("[nod] Of course. Just start talking, or press the button, and I'll be quiet.",),
    "emotions": ("[happy] This is happy. [surprised] This is surprised! [sad] This is sad. [angry] This is angry. "
                 "[afraid] Afraid. [disgusted] Disgusted. [smile] And this is me again.",),
    "gestures": ("[nod] I can nod. [shake] I can shake my head. [tilt] Tilt it. [brows] Raise my brows. [wink] And wink.",),
    "smile": ("[smile] With pleasure.", "[happy] Here's a bigger one."),
    "happy": ("[happy] Happy it is! Look at those cheeks.",),
    "sad": ("[sad] Like this? It feels like rain on a Sunday.",),
    "angry": ("[angry] Grr! How dare you ask so nicely.",),
    "surprised": ("[surprised] Oh! I did not see that coming.", "[surprised] What? Again? [smile] All right."),
    "afraid": ("[afraid] Did you hear that? [smile] Only joking. We're alone here.",),
    "disgusted": ("[disgusted] Ugh. Somebody put pineapple on the pizza.",),
    "neutral": ("[neutral] All right. Nothing on my face at all.",),
    "nod": ("[nod] Yes, like this.",),
    "shake": ("[shake] No, no, and no.",),
    "tilt": ("[tilt] Like this? It makes me look curious.",),
    "wink": ("[wink] Just between us.", "[wink] And another one."),
    "brows": ("[brows] Really?",),
    "aside": ("[aside] Let me look over there, as if I were thinking. [smile] And back to you.",),
    "joke": ("[smile] Why did the avatar go to school? [brows] To improve its expression. [wink]",
             "[think] I told my mouth to keep up with my voice. [happy] It said: just give me eighty milliseconds.",
             "[smile] What do you call a face without a network? [brows] Local talent. [wink]",
             "[neutral] I was going to tell a joke about latency. [aside] Wait for it. [happy] Wait for it."),
    "count": ("[smile] One, two, three, four, five. [brows] Six, seven, eight, nine, ten. [wink] Watch my lips on five.",),
    "sing": ("[shake] Spare your ears, my voice was built for talking. [smile] La, la, la. See?",),
    "story": ("[smile] Once there was a voice that lived in a machine. It could speak every language, but nobody looked at it. "
              "[sad] It talked all day, to people who stared at their shoes. [brows] Then one morning somebody gave it a face. "
              "[surprised] And suddenly people looked up! They smiled, and they interrupted, and they asked it questions. "
              "[happy] And the voice found that being listened to is nice, but being looked at is better.",),
    "twister": ("[brows] Peter Piper picked a peck of pickled peppers. [smile] My lips close on every P.",
                "[brows] Big black bugs bleed blue black blood, but baby black bugs bleed blue. [wink]"),
    "love": ("[happy] That's kind of you, thank you!", "[smile] You'll make me blush, and I can't even do that yet."),
    "rude": ("[sad] Ouch. I'm doing my best with a very short script.", "[brows] Noted. [smile] Would a joke help?"),
    "no": ("[nod] All right. I'm here if you change your mind.",),
    "hear_me": ("[nod] Yes, I hear you. I don't understand everything, so short sentences help.",),
    "see_me": ("[shake] No, I don't look through your camera. [smile] I only know that you're there.",),
    "knowledge": ("[shake] I can't look anything up. I'm a script, and I only know about myself. "
                  "[smile] With a real language model behind me, I could try.",),
    "languages": ("[smile] My voice can speak a hundred languages, but this script is only in English. "
                  "[brows] With a language model, I can answer in yours.",),
}  # fmt: skip
