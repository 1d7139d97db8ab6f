"""From runs to verdicts: values in, judgements out; no I/O, no plotting, no global state."""

from kerascnn.stats.describing.diagnosis import Diagnosis, diagnose
from kerascnn.stats.describing.intervals import Interval, Summary, summarise, t_interval
from kerascnn.stats.describing.remarks import Remark
from kerascnn.stats.describing.setup_checks import check_setup
from kerascnn.stats.judging.evidence import RULE
from kerascnn.stats.judging.judgements import Judgement, judge, judge_all
from kerascnn.stats.judging.sentences import effect_size_text, p_text, seeds_text
from kerascnn.stats.judging.takeaways import faults_of, fill
from kerascnn.stats.judging.verdicts import Verdict

__all__ = [
    "RULE",
    "Diagnosis",
    "Interval",
    "Judgement",
    "Remark",
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
    "seeds_text",
    "summarise",
    "t_interval",
]
