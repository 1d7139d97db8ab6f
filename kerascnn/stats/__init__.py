"""From runs to verdicts: values in, judgements out; no I/O, no plotting, no global state."""

from kerascnn.stats.diagnosis import Diagnosis, diagnose
from kerascnn.stats.intervals import Interval, Summary, summarise, t_interval
from kerascnn.stats.judgements import Judgement, judge, judge_all
from kerascnn.stats.planning import seed_schedule
from kerascnn.stats.sentences import effect_size_text, p_text, seeds_text
from kerascnn.stats.setup_checks import check_setup
from kerascnn.stats.takeaways import faults_of, fill
from kerascnn.stats.verdicts import Verdict

__all__ = [
    "Diagnosis",
    "Interval",
    "Judgement",
    "Summary",
    "Verdict",
    "check_setup",
    "diagnose",
    "effect_size_text",
    "faults_of",
    "fill",
    "judge",
    "judge_all",
    "p_text",
    "seed_schedule",
    "seeds_text",
    "summarise",
    "t_interval",
]
