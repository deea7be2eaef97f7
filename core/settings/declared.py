"""Every setting of the program, declared once: the file, the dialog, the command line and docs/settings.md follow."""

from __future__ import annotations

from typing import Any

from core.errors import N_
from core.settings.kinds import (
    Applies,
    Choice,
    Integer,
    Model,
    Number,
    Place,
    Section,
    Setting,
    Switch,
    Text,
)

LANGUAGES = {"auto": N_("Automatic"), "en": "English", "ja": "日本語"}
SPOKEN = {
    "auto": N_("English and Japanese"),
    "en": "English",
    "ja": "日本語",
    "any": N_("Any language"),
}


class Settings:
    """One state of all settings, read as typed attributes; `Settings.theme` is the declaration of `theme`.

    It never changes: SettingsFile puts another in its place.
    """

    # ------------------------------------------------------------ window

    language = Choice(
        "auto",
        N_("Language"),
        N_("The language of the window."),
        choices={**LANGUAGES, "auto": N_("Same as system")},
        section=Section.WINDOW,
        applies=Applies.AT_ONCE,
        used_by="window",
    )
    theme = Choice(
        "auto",
        N_("Appearance"),
        N_("Whether the window is light or dark."),
        choices={"auto": N_("Same as system"), "light": N_("Light"), "dark": N_("Dark")},
        section=Section.WINDOW,
        applies=Applies.AT_ONCE,
        used_by="window",
    )

    tray = Switch(
        False,
        N_("Stay at hand when the window is closed"),
        N_(
            "Closing the window leaves Tsukue running behind an icon in the notification area, where your desktop has one. The quick window then opens at once."
        ),
        section=Section.WINDOW,
        applies=Applies.AT_ONCE,
        used_by="window",
    )

    keys_anywhere = Switch(
        False,
        N_("System-wide shortcuts for the quick window and for speaking"),
        N_(
            "On Linux, asks your desktop for shortcuts that work in every app; where it offers none, X11 gives Ctrl+Alt+Space and Ctrl+Alt+Shift+Space. On other systems, assign keys to the commands “tsukue quick” and “tsukue talk”."
        ),
        section=Section.WINDOW,
        applies=Applies.AT_ONCE,
        used_by="window",
    )

    # ------------------------------------------------------------ answers

    chat_model = Model(
        "",
        N_("Chat model"),
        N_("The model that answers, unless you choose another one for a chat."),
        role="chat",
        empty=N_("Chosen for you"),
        section=Section.ANSWERS,
        applies=Applies.NEXT_ANSWER,
        used_by="chat",
    )
    document_answers = Choice(
        "written",
        N_("Answers from documents"),
        N_("Whether a model writes them, or the sentences that answer best are quoted as they stand."),
        choices={"written": N_("Written by the model"), "quoted": N_("Quoted, without a model")},
        section=Section.ANSWERS,
        applies=Applies.NEXT_ANSWER,
        used_by="chat",
    )
    when_full = Choice(
        "summarised",
        N_("When a chat outgrows the context"),
        N_(
            "What happens to its oldest messages: the model writes a summary that you can read and change, or no longer reads them."
        ),
        choices={"summarised": N_("Summarise them"), "left out": N_("Leave them out")},
        section=Section.ANSWERS,
        applies=Applies.NEXT_ANSWER,
        used_by="chat",
    )
    system_prompt = Text(
        "",
        N_("Instruction for every chat"),
        N_("What the model should always keep in mind, such as “Keep answers short.”"),
        longest=20_000,
        lines=True,
        empty=N_("No instruction"),
        section=Section.ANSWERS,
        applies=Applies.NEW_CHATS,
        used_by="chat",
    )
    titles = Switch(
        True,
        N_("Titles by the model"),
        N_("Whether a model of a billion parameters or more names a new chat after its first answer."),
        section=Section.ANSWERS,
        applies=Applies.NEXT_ANSWER,
        used_by="chat",
    )
    memory = Switch(
        True,
        N_("Memory"),
        N_("Whether new chats are told what you asked Tsukue to remember."),
        section=Section.ANSWERS,
        applies=Applies.NEW_CHATS,
        used_by="chat",
    )
    memory_offers = Switch(
        True,
        N_("Proposals for the memory"),
        N_(
            "Whether a model of three billion parameters or more is asked, when you leave a chat, what later chats should know of it. Nothing is remembered before you accept it."
        ),
        section=Section.ANSWERS,
        applies=Applies.NEXT_ANSWER,
        used_by="chat",
    )
    memory_length = Integer(
        300,
        N_("Length of the memory"),
        N_("At most so much of what is remembered is told to a new chat, the newest first."),
        low=20,
        high=4000,
        step=50,
        unit=N_("tokens"),
        section=Section.ANSWERS,
        applies=Applies.NEW_CHATS,
        used_by="chat",
    )
    answer_length = Integer(
        2048,
        N_("Maximum answer length"),
        N_("Answers end when they reach this length; 100 tokens are about 75 English words."),
        low=1,
        high=100_000,
        step=256,
        unit=N_("tokens"),
        section=Section.ANSWERS,
        applies=Applies.NEXT_ANSWER,
        used_by="engine",
    )
    temperature = Number(
        0.7,
        N_("Creativity"),
        N_("Low values give predictable answers, high values more surprising ones (temperature)."),
        low=0.0,
        high=2.0,
        step=0.05,
        section=Section.ANSWERS,
        applies=Applies.NEXT_ANSWER,
        used_by="engine",
    )
    top_k = Integer(
        40,
        N_("Number of likely words"),
        N_("Considers only this many of the most likely next words (top-k)."),
        low=1,
        high=1_000,
        step=1,
        section=Section.ANSWERS,
        applies=Applies.NEXT_ANSWER,
        used_by="engine",
        advanced=True,
    )
    top_p = Number(
        0.95,
        N_("Share of likely words"),
        N_(
            "Considers only the most likely words whose probabilities add up to this value; 1 considers all (top-p)."
        ),
        low=0.05,
        high=1.0,
        step=0.05,
        section=Section.ANSWERS,
        applies=Applies.NEXT_ANSWER,
        used_by="engine",
        advanced=True,
    )
    min_p = Number(
        0.05,
        N_("Minimum likelihood"),
        N_("Skips words that are far less likely than the top one; 0 skips none (min-p)."),
        low=0.0,
        high=1.0,
        step=0.05,
        section=Section.ANSWERS,
        applies=Applies.NEXT_ANSWER,
        used_by="engine",
        advanced=True,
    )
    repeat_penalty = Number(
        1.1,
        N_("Avoid repeating words"),
        N_("Makes recently used words less likely; 1 turns it off (repeat penalty)."),
        low=1.0,
        high=2.0,
        step=0.05,
        section=Section.ANSWERS,
        applies=Applies.NEXT_ANSWER,
        used_by="engine",
        advanced=True,
    )
    dry_multiplier = Number(
        0.0,
        N_("Avoid repeating phrases"),
        N_("Keeps the model from repeating whole phrases; higher is stronger (DRY)."),
        low=0.0,
        high=5.0,
        step=0.05,
        lowest=N_("Off"),
        section=Section.ANSWERS,
        applies=Applies.NEXT_ANSWER,
        used_by="engine",
        advanced=True,
    )
    seed = Integer(
        -1,
        N_("Random seed"),
        N_("The same seed gives the same answer to the same question; -1 picks a new one each time."),
        low=-1,
        high=2**31 - 1,
        step=1,
        lowest=N_("Different each time"),
        section=Section.ANSWERS,
        applies=Applies.NEXT_ANSWER,
        used_by="engine",
        advanced=True,
    )

    # ------------------------------------------------------------ engine

    context_length = Integer(
        8192,
        N_("Context length"),
        N_("How much of a chat the model can read at once. Longer uses more memory."),
        low=512,
        high=1 << 20,
        step=1024,
        unit=N_("tokens"),
        section=Section.ENGINE,
        applies=Applies.NEXT_LOAD,
        used_by="engine",
    )
    speculation = Switch(
        True,
        N_("Speculative decoding"),
        N_("Drafts likely words for the model to check where that is faster. Answers stay the same."),
        section=Section.ENGINE,
        applies=Applies.NEXT_LOAD,
        used_by="engine",
        advanced=True,
    )
    threads = Integer(
        0,
        N_("Processor threads"),
        N_("How many processor threads Tsukue uses for answers; 0 finds the best number for your computer."),
        low=0,
        high=256,
        step=1,
        lowest=N_("Automatic"),
        section=Section.ENGINE,
        applies=Applies.NEXT_LOAD,
        used_by="engine",
        advanced=True,
    )
    state_megabytes = Integer(
        1024,
        N_("Disk space for resuming chats"),
        N_("Keeps the state of recent chats on disk so that you can return to them quickly; 0 keeps none."),
        low=0,
        high=1_000_000,
        step=256,
        unit=N_("MB"),
        lowest=N_("None"),
        section=Section.ENGINE,
        applies=Applies.NEXT_LOAD,
        used_by="engine",
        advanced=True,
    )

    # ------------------------------------------------------------ documents

    embedder = Model(
        "use-multilingual",
        N_("Document search model"),
        N_(
            "Finds passages in your documents by meaning. With another one, documents are prepared again in the background; the old one answers meanwhile."
        ),
        role="embedding",
        section=Section.DOCUMENTS,
        applies=Applies.NEXT_SEARCH,
        used_by="documents",
    )

    reranker = Model(
        "",
        N_("Passage ranking model"),
        N_(
            "Reads the best passages together with your question and puts them in order: better answers, a little later."
        ),
        role="reranker",
        section=Section.DOCUMENTS,
        applies=Applies.NEXT_SEARCH,
        used_by="documents",
    )

    entailment_model = Model(
        "",
        N_("Answer checking model"),
        N_(
            "Tells whether a passage implies a sentence of an answer where comparing their words cannot: more sentences are shown with their source, a little later."
        ),
        role="entailment",
        section=Section.DOCUMENTS,
        applies=Applies.NEXT_ANSWER,
        used_by="documents",
    )

    # ------------------------------------------------------------ speech

    speech_model = Model(
        "",
        N_("Speech recognition model"),
        N_("The model that turns what you say into text."),
        role="speech",
        empty=N_("Chosen for you"),
        section=Section.SPEECH,
        applies=Applies.NEXT_RECORDING,
        used_by="voice",
    )
    speech_language = Choice(
        "auto",
        N_("Spoken language"),
        N_("Choosing your language makes recognition more reliable."),
        choices=SPOKEN,
        section=Section.SPEECH,
        applies=Applies.NEXT_RECORDING,
        used_by="voice",
    )
    microphone = Text(
        "",
        N_("Microphone"),
        N_("The device that you speak into."),
        longest=1000,
        empty=N_("Chosen by your system"),
        section=Section.SPEECH,
        applies=Applies.NEXT_RECORDING,
        used_by="window",
        place=Place.COMMAND_LINE,
    )
    speech_words = Text(
        "",
        N_("Names and terms"),
        N_(
            "Words that you often say, separated by commas. They are recognized more reliably; the first twenty or so count most."
        ),
        longest=600,
        section=Section.SPEECH,
        applies=Applies.NEXT_RECORDING,
        used_by="voice",
    )
    learn_corrections = Switch(
        True,
        N_("Learn from my corrections"),
        N_(
            "Words that you correct before you send what you said are recognized the next time. They stay on this computer."
        ),
        section=Section.SPEECH,
        applies=Applies.NEXT_RECORDING,
        used_by="window",
    )
    keep_speech = Choice(
        "never",
        N_("Keep what I say"),
        N_(
            "Keeps the sound of what you say with its text on this computer, so that you can listen to it or have it recognized again."
        ),
        choices={
            "never": N_("No"),
            "week": N_("For a week"),
            "month": N_("For a month"),
            "always": N_("Until I delete it"),
        },
        section=Section.SPEECH,
        applies=Applies.NEXT_RECORDING,
        used_by="voice",
    )
    read_aloud = Choice(
        "spoken",
        N_("Read answers aloud"),
        N_("Which answers are read aloud as soon as they are written."),
        choices={
            "never": N_("Only when I press the button"),
            "spoken": N_("When I asked by speaking"),
            "always": N_("Always"),
        },
        section=Section.SPEECH,
        applies=Applies.NEXT_ANSWER,
        used_by="window",
    )
    voice_speed = Number(
        1.0,
        N_("Reading speed"),
        N_("How fast texts are read aloud; 1 is as the voice speaks."),
        low=0.6,
        high=1.8,
        step=0.1,
        section=Section.SPEECH,
        applies=Applies.AT_ONCE,
        used_by="speaking",
    )
    voice = Choice(
        "jf_alpha",
        N_("Japanese voice"),
        N_(
            "The voice that reads Japanese aloud. While the computer's own voice speaks, Tsukue cannot hear you: press Esc to interrupt it. Where the computer has no voice for the language, one of Tsukue's reads."
        ),
        choices={
            "jf_alpha": N_("Woman 1"),
            "jf_gongitsune": N_("Woman 2"),
            "jf_nezumi": N_("Woman 3"),
            "jf_tebukuro": N_("Woman 4"),
            "jm_kumo": N_("Man"),
            "system": N_("The computer's own voice"),
        },
        section=Section.SPEECH,
        applies=Applies.AT_ONCE,
        used_by="speaking",
    )
    voice_en = Choice(
        "af_heart",
        N_("English voice"),
        N_(
            "The voice that reads English aloud. While the computer's own voice speaks, Tsukue cannot hear you: press Esc to interrupt it. Where the computer has no voice for the language, one of Tsukue's reads."
        ),
        choices={
            "af_heart": N_("Woman 1"),
            "af_bella": N_("Woman 2"),
            "am_michael": N_("Man 1"),
            "am_fenrir": N_("Man 2"),
            "same": N_("The Japanese voice"),
            "system": N_("The computer's own voice"),
        },
        section=Section.SPEECH,
        applies=Applies.AT_ONCE,
        used_by="speaking",
    )
    send_speech = Switch(
        False,
        N_("Send spoken questions right away"),
        N_("Sends what you said right away, without letting you read it first."),
        section=Section.SPEECH,
        applies=Applies.NEXT_RECORDING,
        used_by="window",
    )

    # ------------------------------------------------------------ connections

    network = Switch(
        True,
        N_("Allow connections that I start"),
        N_(
            "Needed to find and download models and to use your own server. When off, every connection is blocked."
        ),
        section=Section.NETWORK,
        applies=Applies.AT_ONCE,
        used_by="network",
    )
    remote_url = Text(
        "",
        N_("Chat server address"),
        N_(
            "This server answers your chats instead of a model on your computer. It must support OpenAI's chat API."
        ),
        longest=2_000,
        empty=N_("None; this computer answers"),
        address=True,
        section=Section.NETWORK,
        applies=Applies.NEXT_ANSWER,
        used_by="remote engine",
    )
    remote_model = Text(
        "",
        N_("Server model"),
        N_("The model's name on the server."),
        longest=300,
        empty=N_("First one listed"),
        section=Section.NETWORK,
        applies=Applies.NEXT_ANSWER,
        used_by="remote engine",
    )
    remote_sees = Switch(
        False,
        N_("The server's model can see pictures"),
        N_("Whether pictures in messages are sent to the server. Otherwise only the text in them is."),
        section=Section.NETWORK,
        applies=Applies.NEXT_ANSWER,
        used_by="remote engine",
    )
    vector_server = Text(
        "",
        N_("Vector server address"),
        N_(
            "A Chroma server that searches your documents by meaning, for collections too large for this computer. Not offline: it gets numbers made of your documents and questions, but no text."
        ),
        longest=2_000,
        empty=N_("None; this computer searches"),
        address=True,
        section=Section.NETWORK,
        applies=Applies.NEXT_SEARCH,
        used_by="documents",
        advanced=True,
    )
    hub_endpoint = Text(
        "",
        N_("Model hub address"),
        N_("Where to find and download models, if not from the default hub."),
        longest=2_000,
        empty=N_("Default hub"),
        address=True,
        section=Section.NETWORK,
        applies=Applies.NEXT_CONNECTION,
        used_by="models",
        advanced=True,
    )
    release_address = Text(
        "",
        N_("Update address"),
        N_(
            "Where to check for updates, if not at the default address. Updates must carry the same signature."
        ),
        longest=2_000,
        empty=N_("Default address"),
        address=True,
        section=Section.NETWORK,
        applies=Applies.NEXT_CONNECTION,
        used_by="updates",
        advanced=True,
    )

    # ------------------------------------------------------------ what the program remembers

    remote_key_kept = Switch(
        False,
        N_("Server access key is saved"),
        N_("Whether the system keyring holds the server's access key. The key itself is stored only there."),
        section=Section.NETWORK,
        applies=Applies.NEXT_ANSWER,
        used_by="remote engine",
        place=Place.INTERNAL,
    )
    vector_token_kept = Switch(
        False,
        N_("Vector server access token is saved"),
        N_(
            "Whether the system keyring holds the vector server's access token. The token itself is stored only there."
        ),
        section=Section.NETWORK,
        applies=Applies.NEXT_SEARCH,
        used_by="documents",
        place=Place.INTERNAL,
    )
    hub_token_kept = Switch(
        False,
        N_("Model hub access token is saved"),
        N_(
            "Whether the system keyring holds the model hub's access token. The token itself is stored only there."
        ),
        section=Section.NETWORK,
        applies=Applies.NEXT_CONNECTION,
        used_by="models",
        place=Place.INTERNAL,
    )
    welcomed = Switch(
        False,
        N_("Welcome page shown"),
        N_("Whether the welcome page has been shown."),
        section=Section.WINDOW,
        applies=Applies.AT_ONCE,
        used_by="window",
        place=Place.INTERNAL,
    )

    def __init__(self, **values: Any) -> None:
        """Defaults, but for `values`, which have been checked."""
        vars(self).update(values)

    def but(self, **values: Any) -> Settings:
        """The same with other `values`, which have been checked."""
        return Settings(**(vars(self) | values))


DECLARED: dict[str, Setting[Any]] = {
    name: entry for name, entry in vars(Settings).items() if isinstance(entry, Setting)
}
