"""A rival of methods that write gets their script, so that both write the same strings."""

from __future__ import annotations

from gan_augment.synthesis.generators.domain_randomise import DomainRandomise
from gan_augment.synthesis.generators.matched_script import MatchedScriptConfig
from gan_augment.synthesis.kit.script.settings import ScriptConfig
from gan_augment.synthesis.rivals import rival_config
from gan_augment.synthesis.translators.permute_characters import PermuteCharacters, PermuteCharactersConfig
from tests.toys import text_toy


def test_the_script_is_that_of_the_method_beside_it() -> None:
    own = MatchedScriptConfig(script=ScriptConfig(format="[01]{3}", ink=("white",), paper=("black",)), histogram=0.9)
    spec = text_toy(8)[0].spec
    found = rival_config(DomainRandomise(), spec, own)
    assert found.model_dump()["script"] == own.script.model_dump()
    assert rival_config(DomainRandomise(), spec) == DomainRandomise.Config()
    assert rival_config(PermuteCharacters(), spec, own) == PermuteCharactersConfig()
