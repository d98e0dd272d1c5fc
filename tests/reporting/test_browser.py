"""The report in a real browser: nothing is broken, nothing is fetched, everybody can use it."""

from __future__ import annotations

import base64
import importlib.resources
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gan_augment.project.live import LiveRecorder, live_folder, read_live
from gan_augment.reporting.leaderboard import render_leaderboard
from gan_augment.reporting.live import render_live
from gan_augment.stages.report import run
from gan_augment.studies import preview
from gan_augment.studies.comparison import compare
from gan_augment.synthesis.api import TickReport
from tests.finished_project import write_project

webdriver = pytest.importorskip("selenium.webdriver")
keys = pytest.importorskip("selenium.webdriver.common.keys").Keys
ui = pytest.importorskip("selenium.webdriver.support.ui")
CHROMIUM, CHROMEDRIVER = shutil.which("chromium"), shutil.which("chromedriver")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and CHROMEDRIVER), reason="Debian's chromium and chromium-driver are not there"),
]
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --disable-dev-shm-usage"
)
PHONE, DESK = (360, 740), (1280, 900)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in FLAGS.split():
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(CHROMEDRIVER))
    yield driver
    driver.quit()


@pytest.fixture(scope="module", params=["image", "table"])
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = write_project(tmp_path_factory.mktemp(request.param), modality=request.param)
    run(project)
    return project.layout.report


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = write_project(tmp_path_factory.mktemp("pictures"))
    run(project)
    return project.layout.report


@pytest.fixture(scope="module", params=["image", "table"])
def before_training(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp(f"preview-{request.param}")
    preview.run(write_project(root, modality=request.param), root / "preview.html")
    return root / "preview.html"


def show(browser: Any, page: Path, size: tuple[int, int] = DESK, scheme: str = "light") -> None:
    for log in ("browser", "performance"):
        browser.get_log(log)  # forget the page before
    metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size == PHONE}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    # Reduced motion: a click during a smooth scroll would miss.
    features = [
        {"name": "prefers-color-scheme", "value": scheme},
        {"name": "prefers-reduced-motion", "value": "reduce"},
    ]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get(page.as_uri())


def find(browser: Any, selector: str) -> list[Any]:
    return list(browser.find_elements("css selector", selector))


def visible(browser: Any, selector: str) -> list[Any]:
    return [element for element in find(browser, selector) if element.is_displayed()]


def test_no_error_and_no_request_but_the_page_itself(browser: Any, page: Path) -> None:
    show(browser, page)
    assert [entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    assert {url for url in asked if not url.startswith("data:")} == {page.as_uri()}


def test_every_picture_loads(browser: Any, pictures: Path) -> None:
    show(browser, pictures)
    sizes = browser.execute_script("return [...document.images].map(i => i.complete ? i.naturalWidth : 0)")
    assert len(sizes) > 50
    assert set(sizes) == {12}


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Any, page: Path, size: tuple[int, int], scheme: str) -> None:
    show(browser, page, size, scheme)
    browser.execute_script("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    check_with_axe(browser)


def test_the_preview_is_as_clean(browser: Any, before_training: Path) -> None:
    check_page(browser, before_training)


def test_the_comparison_is_as_clean(browser: Any, tmp_path: Path) -> None:
    folders = {name: tmp_path / name for name in ("one", "two <b>")}
    for number, folder in enumerate(folders.values()):
        write_project(folder, gain=(number + 1.0, number, number + 3.0))
    (tmp_path / "page.html").write_text(render_leaderboard(compare(folders)), encoding="utf-8")
    check_page(browser, tmp_path / "page.html")


def test_the_live_view_is_as_clean_and_loads_itself_again(browser: Any, tmp_path: Path) -> None:
    page, recorder = tmp_path / "page.html", LiveRecorder(live_folder(tmp_path) / "pretrain", "images")
    rows = [{"kimg": n, "kid": 0.1, "discriminator_train": 0.7, "critic_accuracy": 0.9} for n in (1.0, 2.0)]
    pictures = np.zeros((3, 4, 8, 8, 1), dtype=np.uint8)
    for row in rows:
        recorder(TickReport(row["kimg"], 9.0, {"generator": 0.5}, row=row, pictures=pictures))
    page.write_text(render_live(read_live(tmp_path), "toy", None), encoding="utf-8")
    check_page(browser, page)
    page.write_text(render_live(read_live(tmp_path), "toy", 1), encoding="utf-8")
    show(browser, page)
    page.write_text(render_live([], "toy", None), encoding="utf-8")
    ui.WebDriverWait(browser, 20).until(lambda _: "No training has begun yet" in find(browser, "main")[0].text)


def check_page(browser: Any, page: Path) -> None:
    show(browser, page, PHONE, "dark")
    assert [entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []
    assert browser.execute_script("return document.documentElement.scrollWidth") <= PHONE[0]
    assert all(browser.execute_script("return [...document.images].map(i => i.naturalWidth)"))
    check_with_axe(browser)


def check_with_axe(browser: Any) -> None:
    axe = pytest.importorskip("axe_core_python")
    browser.execute_script(importlib.resources.files(axe).joinpath("axe.min.js").read_text(encoding="utf-8"))
    found = browser.execute_async_script("axe.run().then(arguments[0])")
    serious = [
        (rule["id"], [node["html"][:200] for node in rule["nodes"][:3]])
        for rule in found["violations"]
        if rule["impact"] in ("serious", "critical")
    ]
    assert serious == []
    assert len(found["passes"]) > 20


@pytest.mark.parametrize("size", [PHONE, (320, 600), DESK], ids=["phone", "small phone", "desk"])
def test_nothing_sticks_out_sideways(browser: Any, page: Path, size: tuple[int, int]) -> None:
    show(browser, page, size)
    browser.execute_script("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= size[0]


def test_the_metric_can_be_chosen(browser: Any, page: Path) -> None:
    show(browser, page)
    assert [plot.get_attribute("data-metric") for plot in visible(browser, ".metric")] == ["balanced_accuracy"]
    next(label for label in find(browser, ".tabs label") if "Log loss" in label.text).click()
    assert [plot.get_attribute("data-metric") for plot in visible(browser, ".metric")] == ["log_loss"]


def test_classes_and_verdicts_filter_the_pictures(browser: Any, pictures: Path) -> None:
    show(browser, pictures)
    everything = len(visible(browser, ".sheet button"))
    count = find(browser, "#count")[0]
    assert count.text == f"3 classes, {everything} synthetic pictures"
    next(option for option in find(browser, "#class option") if "猫" in option.text).click()
    assert [card.get_attribute("data-key") for card in visible(browser, "[data-key]")] == ["cat"]
    next(label for label in find(browser, ".chips label") if label.text == "accepted").click()
    shown = visible(browser, ".sheet button")
    assert shown
    assert {button.get_attribute("data-verdict") for button in shown} <= {"judge", "copy", "duplicate"}
    assert count.text == f"1 class, {len(shown)} synthetic picture{'s' * (len(shown) != 1)}"


def test_a_picture_shows_its_real_neighbours_by_mouse_and_by_keyboard(browser: Any, pictures: Path) -> None:
    show(browser, pictures)
    first = visible(browser, ".sheet button")[0]
    first.send_keys(keys.ENTER)
    captions = [caption.text for caption in visible(browser, "dialog figcaption")]
    assert captions == ["synthetic", "real, nearest by features", "real, nearest by pixels", "real, nearest by pixels"]
    assert all(browser.execute_script("return [...document.querySelectorAll('dialog img')].map(i => i.naturalWidth)"))
    assert "<script>alert(1)</script>: accepted" in find(browser, "dialog h2")[0].text
    assert "judge" in find(browser, "dialog .about")[0].text
    before = find(browser, "dialog img")[0].get_attribute("src")
    browser.switch_to.active_element.send_keys(keys.ARROW_RIGHT)
    assert find(browser, "dialog img")[0].get_attribute("src") != before
    browser.switch_to.active_element.send_keys(keys.ARROW_LEFT)
    assert find(browser, "dialog img")[0].get_attribute("src") == before
    browser.switch_to.active_element.send_keys(keys.ESCAPE)
    assert not visible(browser, "dialog")
    assert browser.switch_to.active_element == first


def test_colours_follow_the_system_and_the_button(browser: Any, page: Path) -> None:
    def paper() -> str:
        return str(browser.execute_script("return getComputedStyle(document.body).backgroundColor"))

    show(browser, page, scheme="dark")
    dark = paper()
    find(browser, "#theme")[0].click()
    light = paper()
    assert light != dark
    show(browser, page, scheme="light")
    assert paper() == light
    find(browser, "#theme")[0].click()
    assert paper() == dark


def test_it_prints_with_everything_open(browser: Any, page: Path) -> None:
    show(browser, page, scheme="dark")
    printed = browser.execute_cdp_cmd("Page.printToPDF", {})
    assert base64.b64decode(printed["data"]).startswith(b"%PDF")
    assert len(printed["data"]) > 30_000
    assert browser.execute_script("return [...document.querySelectorAll('details')].every(d => d.open)")


def test_without_scripts_everything_but_the_filters_is_there(browser: Any, pictures: Path) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        show(browser, pictures)
        assert len(visible(browser, ".sheet img")) > 50
        assert not visible(browser, ".filters")
        assert not visible(browser, "#theme")
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_the_keyboard_reaches_the_verdict_first(browser: Any, page: Path) -> None:
    show(browser, page)
    browser.switch_to.active_element.send_keys(keys.TAB)
    focused = browser.switch_to.active_element
    assert focused.text == "Skip to the verdict"
    assert focused.is_displayed()
