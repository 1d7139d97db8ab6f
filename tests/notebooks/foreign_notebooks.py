"""Ten notebooks as Colab, VS Code, Databricks, Kaggle and others save them: their metadata, header cells and habits.

All have the same study, so that its two runs are trained once.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

MODULE = """\
import keras


def dense(image_shape, classes, units=8):
    picture = keras.Input(image_shape)
    inside = keras.layers.Dense(units, activation="relu", name="inside")(keras.layers.Flatten()(picture))
    return keras.Model(picture, keras.layers.Dense(classes, name="scores")(inside))
"""
PARAMETERS = 'profile = "quick"  # smoke, quick or full\nseeds = None  # seeds of every arm\nnarrow = 4  # units of the narrow net'
STUDY = """\
from kerascnn import Arm, Budget, Comparison, Study, model

arms = [Arm(name=name, label=name, model=model("tiny_nets:dense", units=n)) for name, n in (("narrow", narrow), ("wide", 4 * narrow))]
wide = Comparison(name="wide-wins", says="Wide is better.", arm="wide", baseline="narrow", smallest_effect=0.02)
budget = Budget(epochs=1, seeds=1, train_images=64, val_images=8, test_images=8)
study = Study(
    question="Does a wider hidden layer help on a tiny set?",
    arms=arms,
    claims=[wide],
    profile=profile,
    seeds=seeds,
    budgets={"smoke": budget, "quick": budget, "full": budget},
)"""
PYTHON = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
VERSION = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
    "version": "3.11.9",
}
BADGE = (
    '<a href="https://colab.research.google.com/github/me/x/blob/main/x.ipynb" target="_parent">'
    '<img src="https://colab.research.google.com/assets/colab-badge.svg" alt="Open In Colab"/></a>'
)
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def code(source: str, *tags: str, **metadata: Any) -> dict[str, Any]:
    tagged = {"tags": list(tags)} if tags else {}
    return {"cell_type": "code", "execution_count": 3, "metadata": metadata | tagged, "outputs": [], "source": source}


def text(source: str, **fields: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source} | fields


def notebook(name: str, header: list[dict[str, Any]], metadata: dict[str, Any], **cell: Any) -> dict[str, Any]:
    """`header` stands above the title; `cell` is metadata that the program gives every cell."""
    cells = [
        *header,
        text(f"# {name}\n\n**The question.** Does a wider hidden layer help on a tiny set?"),
        code(PARAMETERS, "parameters"),
        code(STUDY, "study"),
        code("results = study.run()\nresults.table('test_accuracy')"),
        code("results.publish(takeaways=['Wide reaches {wide:test_accuracy}.'])"),
    ]
    for each in cells:
        each["metadata"] = each["metadata"] | cell
    lines = [each | {"source": each["source"].splitlines(keepends=True)} for each in cells]
    return {"cells": lines, "metadata": metadata, "nbformat": 4, "nbformat_minor": 0}


def foreign_notebooks() -> dict[str, dict[str, Any]]:
    """Stem -> notebook."""
    colab = {
        "colab": {"provenance": [], "gpuType": "T4"},
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
    }
    kaggle = {"kernelspec": PYTHON, "language_info": VERSION, "kaggle": {"accelerator": "none", "dataSources": []}}
    databricks = {
        "application/vnd.databricks.v1+notebook": {
            "dashboards": [],
            "language": "python",
            "notebookName": "x",
            "widgets": {},
        },
        "language_info": {"name": "python"},
    }
    brick = {
        "application/vnd.databricks.v1+cell": {
            "cellMetadata": {},
            "inputWidgets": {},
            "nuid": "1-2",
            "showTitle": False,
        }
    }
    return {
        "20_colab_from_github": notebook(
            "Colab, from GitHub",
            [
                text(BADGE, metadata={"id": "view-in-github", "colab_type": "text"}),
                code('#@title Set up { display-mode: "form" }\n!pip install -q \\\n    papermill \\\n    rich'),
            ],
            colab,
            id="aB3_x",
        ),
        "21_colab_guards": notebook(
            "Colab, guarded",
            [
                code("import sys\nIN_COLAB = 'google.colab' in sys.modules\nif IN_COLAB:\n    from google.colab import drive\n    drive.mount('/content/drive')\n    %cd /content/drive/MyDrive/course\n    !pip install -q -r requirements.txt"),
                code("in_colab = 'google.colab' in str(get_ipython())\nin_colab"),
            ],
            colab | {"accelerator": "GPU"},
            cellView="form",
        ),
        "22_colab_quiet": notebook(
            "Colab, quiet",
            [code("%%capture --no-stderr\n%pip install -U papermill\n!nvidia-smi"), code("%load_ext autoreload\n%autoreload 2\n%matplotlib inline\n%config InlineBackend.figure_format = 'retina'")],
            colab,
            outputId="0a1b",
        ),
        "23_vs_code": notebook(
            "VS Code",
            [code("%pip install papermill", vscode={"languageId": "python"}), code("%%bash\npwd\nls -l | head -3", vscode={"languageId": "shellscript"})],
            {"kernelspec": PYTHON | {"display_name": ".venv (3.11.9)"}, "language_info": VERSION, "orig_nbformat": 4},
        ),
        "24_vs_code_pasted": notebook(
            "VS Code, with a picture",
            [text("![a net](attachment:image 1.png)", attachments={"image 1.png": {"image/png": PIXEL}}), code("from IPython.display import HTML, display\ndisplay(HTML('<b>Hello</b>'))")],
            {"kernelspec": PYTHON, "language_info": VERSION, "vscode": {"interpreter": {"hash": "ab12"}}},
        ),
        "25_databricks": notebook(
            "Databricks",
            [code("%pip install papermill"), code("try:\n    dbutils.library.restartPython()\nexcept NameError:\n    print('not on Databricks')")],
            databricks,
            **brick,
        ),
        "26_databricks_shell": notebook(
            "Databricks, shell",
            [code("%%sh\nls /dbfs | head -3\ntrue"), code("where = !pwd\nhome = %env HOME\nprint(len(where))")],
            databricks,
            **brick,
        ),
        "27_kaggle": notebook(
            "Kaggle",
            [code("# This Python 3 environment comes with many helpful analytics libraries installed\nimport os\nfor dirname, _, filenames in os.walk('/kaggle/input'):\n    for filename in filenames:\n        print(os.path.join(dirname, filename))")],
            kaggle,
            trusted=True,
            _uuid="8f2839f25d086af736a60e9eeb907d3b93b6e0e5",
            _cell_guid="b1076dfc-b9ad-4769-8c92-a6c4dae69d19",
        ),
        "28_kaggle_committed": notebook(
            "Kaggle, committed",
            [code("%%time\nimport os\n!ls ../input 2>/dev/null\ncores = os.cpu_count()"), code("narrow = 99  # what an earlier run was given", "injected-parameters")],
            kaggle | {"papermill": {"parameters": {"narrow": 99}, "version": "2.5.0", "input_path": "__notebook__.ipynb"}},
            execution={"iopub.status.busy": "2026-01-01T00:00:00.000000Z", "shell.execute_reply": "2026-01-01T00:00:01Z"},
            papermill={"duration": 0.01, "status": "completed"},
        ),
        "29_lab_writes_its_module": notebook(
            "JupyterLab, with its module",
            [code(f"%%writefile tiny_nets.py\n{MODULE}"), code("len?\n%time import math"), code("from __future__ import annotations\n\n\ndef f(a: unknown): ...")],
            {"kernelspec": PYTHON | {"name": "someones-conda-env"}, "language_info": VERSION, "toc-autonumbering": True},
            editable=True,
            slideshow={"slide_type": ""},
        ),
    }  # fmt: skip


def write_foreign_notebooks(folder: Path) -> list[str]:
    """Write them and the module that they share; their stems."""
    found = foreign_notebooks()
    (folder / "tiny_nets.py").write_text(MODULE, encoding="utf-8")
    for stem, content in found.items():
        (folder / f"{stem}.ipynb").write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    return list(found)
