"""The works that notebooks, pages and docstrings cite: each in full, found by the way it is cited.

A work is cited by author and year: "Glorot and Bengio (2010)", "He et al. 2016". The year is that of the place where
the work was published, not that of its first draft.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_INITIALS = re.compile(r"^(?:[^\W\d_]\.[ -]?)+")
_NAME = r"(?:(?:[Vv]an|von|der|den|[Dd][eiu]|la) )*[^\W\d_a-zà-öø-ÿ](?:['’](?!s\b)|[\w-])+"
_MORE = " (?:et al\\.|and others|and colleagues)"
CITATION = re.compile(
    rf"(?<!\w)(?P<names>{_NAME}(?:, {_NAME})*(?:,? and {_NAME})?)(?P<more>{_MORE})?(?:['’]s)?,? ?\(?"
    r"(?P<year>(?:1[89]\d|20[0-3])\d[a-z]?)\b(?!\.\d)"
)
"""A citation in text whose white space is single spaces."""
_LINKS = {"DOI": "https://doi.org/", "arXiv": "https://arxiv.org/abs/", "JSTOR": "https://www.jstor.org/stable/"}


@dataclass(frozen=True)
class Reference:
    """One work. `authors` are "A. B. Surname" with commas between; `identifier` begins with its kind, or is an address.

    `in_full`: cited by all names, because "et al." and this year mean another work.
    """

    authors: str
    year: str
    title: str
    venue: str
    identifier: str
    in_full: bool = False

    @property
    def surnames(self) -> tuple[str, ...]:
        return tuple(_INITIALS.sub("", author) for author in self.authors.split(", "))

    @property
    def cited_as(self) -> str:
        """The shortest way to cite it."""
        first, *others = self.surnames
        if len(others) > 1 and not self.in_full:
            return f"{first} et al. {self.year}"
        return f"{_listed(self.surnames)} {self.year}"

    @property
    def named(self) -> str:
        """The authors as a list says them."""
        return _listed(tuple(self.authors.split(", ")))

    @property
    def href(self) -> str:
        """Where the identifier leads; empty for one that leads nowhere by itself, such as an ISBN."""
        kind, _, number = self.identifier.partition(" ")
        return self.identifier if kind.startswith("https://") else f"{_LINKS[kind]}{number}" if kind in _LINKS else ""

    def _is_meant(self, names: tuple[str, ...], and_others: bool, year: str) -> bool:
        whole = names == self.surnames and not and_others
        short = names == self.surnames[:1] and and_others and len(self.surnames) > 1 and not self.in_full
        return year == self.year and (whole or short)


def find_citations(text: str) -> list[tuple[str, Reference | None]]:
    """Every phrase of `text` that looks like author and year, and the work of the list that it means."""
    return [(found[0], _meant(found)) for found in CITATION.finditer(" ".join(text.split()))]


def cited_in(*texts: str) -> tuple[Reference, ...]:
    """The works of the list that the texts cite, in alphabetical order."""
    found = {work for text in texts for _, work in find_citations(text) if work is not None}
    return tuple(work for work in REFERENCES if work in found)


def _meant(found: re.Match[str]) -> Reference | None:
    """Names before the authors' are no authors: "For MobileNet, Howard et al. (2017)"."""
    names = tuple(re.split(r",? and |, ", found["names"]))
    for start in range(len(names)):
        for work in REFERENCES:
            if work._is_meant(names[start:], bool(found["more"]), found["year"]):
                return work
    return None


def _listed(names: tuple[str, ...]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


# fmt: off
_WORKS = (
    Reference("A. Araujo, W. Norris, J. Sim", "2019",
              "Computing receptive fields of convolutional neural networks",
              "Distill", "DOI 10.23915/distill.00021"),
    Reference("J. L. Ba, J. R. Kiros, G. E. Hinton", "2016",
              "Layer normalization",
              "preprint", "arXiv 1607.06450"),
    Reference("D. Balduzzi, M. Frean, L. Leary, J. P. Lewis, K. W.-D. Ma, B. McWilliams", "2017",
              "The shattered gradients problem: if resnets are the answer, then what is the question?",
              "ICML", "arXiv 1702.08591"),
    Reference("Y. Benjamini, Y. Hochberg", "1995",
              "Controlling the false discovery rate: a practical and powerful approach to multiple testing",
              "Journal of the Royal Statistical Society B 57", "JSTOR 2346101"),
    Reference("Y. Benjamini, D. Yekutieli", "2001",
              "The control of the false discovery rate in multiple testing under dependency",
              "Annals of Statistics 29", "DOI 10.1214/aos/1013699998"),
    Reference("J. Bigün, G. H. Granlund", "1987",
              "Optimal orientation detection of linear symmetry",
              "ICCV, pages 433 to 438", "https://liu.diva-portal.org/smash/record.jsf?pid=diva2:691493"),
    Reference("Y. Cho, L. K. Saul", "2009",
              "Kernel methods for deep learning",
              "Advances in Neural Information Processing Systems 22", "https://papers.nips.cc/paper/3628-kernel-methods-for-deep-learning"),
    Reference("C. J. Clopper, E. S. Pearson", "1934",
              "The use of confidence or fiducial limits illustrated in the case of the binomial",
              "Biometrika 26", "DOI 10.1093/biomet/26.4.404"),
    Reference("J. Cohen", "1988",
              "Statistical power analysis for the behavioral sciences",
              "second edition, Lawrence Erlbaum", "ISBN 0-8058-0283-5"),
    Reference("S. Di Zenzo", "1986",
              "A note on the gradient of a multi-image",
              "Computer Vision, Graphics, and Image Processing 33", "DOI 10.1016/0734-189X(86)90223-9"),
    Reference("T. G. Dietterich", "1998",
              "Approximate statistical tests for comparing supervised classification learning algorithms",
              "Neural Computation 10", "DOI 10.1162/089976698300017197"),
    Reference("V. Dumoulin, F. Visin", "2016",
              "A guide to convolution arithmetic for deep learning",
              "preprint", "arXiv 1603.07285"),
    Reference("R. A. Fisher", "1935",
              "The design of experiments",
              "Oliver and Boyd; reprinted in Statistical methods, experimental design, and scientific inference, 1990", "ISBN 0-19-852229-0"),
    Reference("C. R. Genovese, K. Roeder, L. Wasserman", "2006",
              "False discovery control with p-value weighting",
              "Biometrika 93", "DOI 10.1093/biomet/93.3.509"),
    Reference("X. Glorot, Y. Bengio", "2010",
              "Understanding the difficulty of training deep feedforward neural networks",
              "AISTATS", "https://proceedings.mlr.press/v9/glorot10a.html"),
    Reference("P. Goyal, P. Dollár, R. Girshick, P. Noordhuis, L. Wesolowski, A. Kyrola, A. Tulloch, Y. Jia, K. He", "2017",
              "Accurate, large minibatch SGD: training ImageNet in 1 hour",
              "preprint", "arXiv 1706.02677"),
    Reference("J. B. S. Haldane", "1956",
              "The estimation and significance of the logarithm of a ratio of frequencies",
              "Annals of Human Genetics 20", "DOI 10.1111/j.1469-1809.1955.tb01285.x"),
    Reference("K. He, X. Zhang, S. Ren, J. Sun", "2015",
              "Delving deep into rectifiers: surpassing human-level performance on ImageNet classification",
              "ICCV", "arXiv 1502.01852"),
    Reference("K. He, X. Zhang, S. Ren, J. Sun", "2016",
              "Deep residual learning for image recognition",
              "CVPR", "arXiv 1512.03385"),
    Reference("A. G. Howard, M. Zhu, B. Chen, D. Kalenichenko, W. Wang, T. Weyand, M. Andreetto, H. Adam", "2017",
              "MobileNets: efficient convolutional neural networks for mobile vision applications",
              "preprint", "arXiv 1704.04861"),
    Reference("G. Huang, Z. Liu, L. van der Maaten, K. Q. Weinberger", "2017",
              "Densely connected convolutional networks",
              "CVPR", "arXiv 1608.06993"),
    Reference("S. Ioffe, C. Szegedy", "2015",
              "Batch normalization: accelerating deep network training by reducing internal covariate shift",
              "ICML", "arXiv 1502.03167"),
    Reference("P. Jaccard", "1912",
              "The distribution of the flora in the alpine zone",
              "New Phytologist 11", "DOI 10.1111/j.1469-8137.1912.tb05611.x"),
    Reference("A. Krizhevsky, I. Sutskever, G. E. Hinton", "2012",
              "ImageNet classification with deep convolutional neural networks",
              "Advances in Neural Information Processing Systems 25", "https://papers.nips.cc/paper/4824-imagenet-classification-with-deep-convolutional-neural-networks"),
    Reference("Y. LeCun", "1989",
              "Generalization and network design strategies",
              "University of Toronto", "Technical Report CRG-TR-89-4"),
    Reference("Y. LeCun, L. Bottou, G. B. Orr, K.-R. Müller", "1998",
              "Efficient BackProp",
              "Neural Networks: Tricks of the Trade, LNCS 1524", "DOI 10.1007/3-540-49430-8_2", in_full=True),
    Reference("Y. LeCun, L. Bottou, Y. Bengio, P. Haffner", "1998",
              "Gradient-based learning applied to document recognition",
              "Proceedings of the IEEE 86", "DOI 10.1109/5.726791"),
    Reference("L. Li, K. Jamieson, G. DeSalvo, A. Rostamizadeh, A. Talwalkar", "2018",
              "Hyperband: a novel bandit-based approach to hyperparameter optimization",
              "Journal of Machine Learning Research 18", "arXiv 1603.06560"),
    Reference("M. Lin, Q. Chen, S. Yan", "2014",
              "Network in network",
              "ICLR", "arXiv 1312.4400"),
    Reference("Z. Liu, H. Mao, C.-Y. Wu, C. Feichtenhofer, T. Darrell, S. Xie", "2022",
              "A ConvNet for the 2020s",
              "CVPR", "arXiv 2201.03545"),
    Reference("I. Loshchilov, F. Hutter", "2017",
              "SGDR: stochastic gradient descent with warm restarts",
              "ICLR", "arXiv 1608.03983"),
    Reference("G. M. Machado, M. M. Oliveira, L. A. F. Fernandes", "2009",
              "A physiologically-based model for simulation of color vision deficiency",
              "IEEE Transactions on Visualization and Computer Graphics 15", "DOI 10.1109/TVCG.2009.113"),
    Reference("D. R. Martin, C. C. Fowlkes, J. Malik", "2004",
              "Learning to detect natural image boundaries using local brightness, color, and texture cues",
              "IEEE Transactions on Pattern Analysis and Machine Intelligence 26", "DOI 10.1109/TPAMI.2004.1273918"),
    Reference("F. Perazzi, J. Pont-Tuset, B. McWilliams, L. Van Gool, M. Gross, A. Sorkine-Hornung", "2016",
              "A benchmark dataset and evaluation methodology for video object segmentation",
              "CVPR", "DOI 10.1109/CVPR.2016.85"),
    Reference("G. Piaggio, D. R. Elbourne, S. J. Pocock, S. J. W. Evans, D. G. Altman", "2012",
              "Reporting of noninferiority and equivalence randomized trials: extension of the CONSORT 2010 statement",
              "JAMA 308", "DOI 10.1001/jama.2012.87802"),
    Reference("O. Ronneberger, P. Fischer, T. Brox", "2015",
              "U-Net: convolutional networks for biomedical image segmentation",
              "MICCAI", "arXiv 1505.04597"),
    Reference("S. Santurkar, D. Tsipras, A. Ilyas, A. Madry", "2018",
              "How does batch normalization help optimization?",
              "Advances in Neural Information Processing Systems 31", "arXiv 1805.11604"),
    Reference("D. J. Schuirmann", "1987",
              "A comparison of the two one-sided tests procedure and the power approach for assessing the equivalence of average bioavailability",
              "Journal of Pharmacokinetics and Biopharmaceutics 15", "DOI 10.1007/BF01068419"),
    Reference("K. Simonyan, A. Zisserman", "2015",
              "Very deep convolutional networks for large-scale image recognition",
              "ICLR", "arXiv 1409.1556"),
    Reference("I. Sobel, G. Feldman", "1968",
              "An isotropic 3x3 image gradient operator",
              "talk at the Stanford Artificial Intelligence Project, written down later", "DOI 10.13140/RG.2.1.1912.4965"),
    Reference("J. T. Springenberg, A. Dosovitskiy, T. Brox, M. Riedmiller", "2015",
              "Striving for simplicity: the all convolutional net",
              "ICLR workshop", "arXiv 1412.6806"),
    Reference("G. L. Steele, D. Lea, C. H. Flood", "2014",
              "Fast splittable pseudorandom number generators",
              "OOPSLA", "DOI 10.1145/2660193.2660195"),
    Reference("Student", "1908",
              "The probable error of a mean",
              "Biometrika 6", "DOI 10.1093/biomet/6.1.1"),
    Reference("C. Szegedy, W. Liu, Y. Jia, P. Sermanet, S. Reed, D. Anguelov, D. Erhan, V. Vanhoucke, A. Rabinovich", "2015",
              "Going deeper with convolutions",
              "CVPR", "arXiv 1409.4842"),
    Reference("C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens, Z. Wojna", "2016",
              "Rethinking the Inception architecture for computer vision",
              "CVPR", "arXiv 1512.00567"),
    Reference("H. Touvron, M. Cord, A. Sablayrolles, G. Synnaeve, H. Jégou", "2021",
              "Going deeper with image transformers",
              "ICCV", "arXiv 2103.17239"),
    Reference("Y. Wu, K. He", "2018",
              "Group normalization",
              "ECCV", "arXiv 1803.08494"),
    Reference("H. Xiao, K. Rasul, R. Vollgraf", "2017",
              "Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms",
              "preprint", "arXiv 1708.07747"),
    Reference("G. Yang, J. Pennington, V. Rao, J. Sohl-Dickstein, S. S. Schoenholz", "2019",
              "A mean field theory of batch normalization",
              "ICLR", "arXiv 1902.08129"),
    Reference("M. D. Zeiler, R. Fergus", "2014",
              "Visualizing and understanding convolutional networks",
              "ECCV", "arXiv 1311.2901"),
    Reference("R. Zhang", "2019",
              "Making convolutional networks shift-invariant again",
              "ICML", "arXiv 1904.11486"),
)
# fmt: on
REFERENCES = tuple(sorted(_WORKS, key=lambda work: (*map(str.casefold, work.surnames[:1]), work.year, work.title)))
"""Every work that is cited anywhere, in alphabetical order."""
