"""The server module with whatever frameworks and clients pass in."""

import copy
import importlib
import io
import pickle
from collections import UserDict, defaultdict
from typing import Any
from urllib.parse import parse_qs

import proofkey
import pytest
import shapes
from django.http import QueryDict
from proofkey import server
from rfc7636 import B_CHALLENGE, STORED, B, Liar
from starlette.datastructures import FormData, UploadFile
from werkzeug.datastructures import MultiDict

CHALLENGE = {"code_challenge": B_CHALLENGE, "code_challenge_method": "S256"}
VERIFIER = {"code_verifier": B}
OPTIONAL = server.Policy.strict().optional_for_confidential_client()


def refusal(call: Any, *arguments: Any) -> tuple[str, str]:
    with pytest.raises(server.RequestError) as error:
        call(*arguments)
    assert error.value.__context__ is error.value.__cause__ is None
    return error.value.name, error.value.error


# Binding.


def test_bind_and_verify() -> None:
    binding = server.bind(CHALLENGE)
    assert str(binding) == STORED
    assert binding.method == "S256"
    for stored in (binding, str(binding), server.Binding(STORED), Liar(STORED)):
        server.verify(stored, VERIFIER)
        assert refusal(server.verify, stored, {"code_verifier": B[::-1]}) == ("verifier_mismatch", "invalid_grant")
        assert refusal(server.verify, stored, {}) == ("verifier_missing", "invalid_grant")


def test_binding_is_a_value() -> None:
    binding = server.bind(CHALLENGE)
    assert repr(binding) == f"Binding('{STORED}')"
    assert binding == server.Binding(STORED) != server.Binding("none")
    assert binding != STORED
    assert hash(binding) == hash(server.Binding(STORED))
    assert copy.copy(binding) == copy.deepcopy(binding) == binding
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(binding, protocol)) == binding
    assert server.Binding("none").method is None
    with pytest.raises(TypeError):
        binding < binding  # type: ignore[operator]  # noqa: B015


def test_with_plain_the_verifier_is_not_stored() -> None:
    binding = server.Policy.strict().allow_plain().bind({"code_challenge": B})
    assert binding.method == "plain"
    assert str(binding) == f"plain:{B_CHALLENGE}"
    server.verify(binding, VERIFIER)


def test_policies_show_their_relaxations() -> None:
    strict = server.Policy.strict()
    assert repr(strict) == "Policy.strict()"
    assert repr(strict.allow_plain()) == "Policy.strict().allow_plain()"
    assert repr(OPTIONAL.allow_plain()) == "Policy.strict().allow_plain().optional_for_confidential_client()"
    assert repr(strict) == "Policy.strict()", "a relaxation returns a new policy"
    with pytest.raises(TypeError):
        server.Policy()


def test_metadata_lists_the_methods_that_bind_accepts() -> None:
    strict = server.Policy.strict()
    assert strict.metadata() == OPTIONAL.metadata() == {"code_challenge_methods_supported": ["S256"]}
    assert strict.allow_plain().metadata() == {"code_challenge_methods_supported": ["S256", "plain"]}
    strict.metadata()["code_challenge_methods_supported"].append("plain")
    assert strict.metadata() == {"code_challenge_methods_supported": ["S256"]}, "each caller gets its own"


@pytest.mark.parametrize(
    ("adapter", "missing"), [("authlib", "authlib"), ("oauthlib", "oauthlib"), ("django", "oauth2_provider")]
)
def test_an_adapter_without_its_framework_is_an_import_error(adapter: str, missing: str) -> None:
    with pytest.raises(ImportError) as error:
        importlib.import_module(f"proofkey.server.{adapter}")
    assert error.value.name == missing


def test_module_functions_are_strict() -> None:
    assert refusal(server.bind, {}) == ("challenge_missing", "invalid_request")
    assert refusal(server.bind, {"code_challenge": B_CHALLENGE}) == ("method_unsupported", "invalid_request")
    plain = {"code_challenge": B, "code_challenge_method": "plain"}
    assert refusal(server.bind, plain) == ("method_unsupported", "invalid_request")


# Stored bindings.


@pytest.mark.parametrize(
    "stored",
    [None, "", " ", "None", "null", "S256", "S256:", B_CHALLENGE, f"s256:{B_CHALLENGE}", f"{STORED}\n", f"{STORED}=",
     f" {STORED}", f"{STORED}\0", "plain:", f"plain:{B}~", "NONE", "none ", "\udc80", "é", "x" * 10_000_000,
     "\udc80" * 1_000_000],
    ids=lambda stored: ascii(stored)[:20],
)  # fmt: skip
def test_a_lost_binding_is_an_error_and_never_means_no_pkce(stored: Any) -> None:
    for form in (VERIFIER, {}, {"code_verifier": ""}):
        assert refusal(server.verify, stored, form) == ("binding_malformed", "invalid_grant")
    assert refusal(server.Binding, stored) == ("binding_malformed", "invalid_grant")


@pytest.mark.parametrize("stored", [STORED.encode(), bytearray(b"none"), 0, False, [STORED], {}, object(), OPTIONAL])
def test_a_binding_of_another_type_is_a_type_error(stored: Any) -> None:
    with pytest.raises(TypeError, match="^a stored binding must be str, not ") as error:
        server.verify(stored, VERIFIER)
    assert B_CHALLENGE not in str(error.value)


def test_downgrade_is_refused() -> None:
    none = OPTIONAL.bind({})
    assert str(none) == "none"
    server.verify(none, {})
    server.verify("none", {"code_verifier": ""})
    assert refusal(server.verify, "none", VERIFIER) == ("verifier_unexpected", "invalid_request")


def test_a_failed_verifier_leaves_the_binding_as_it_was() -> None:
    """Afterwards the right verifier passes, and a request without one does not."""
    binding = server.bind(CHALLENGE)
    assert refusal(server.verify, binding, {"code_verifier": B[::-1]})[0] == "verifier_mismatch"
    assert refusal(server.verify, binding, {})[0] == "verifier_missing"
    server.verify(binding, VERIFIER)


def test_nothing_in_the_token_request_changes_the_method() -> None:
    downgrade = {"code_verifier": B_CHALLENGE, "code_challenge_method": "plain", "code_challenge": B_CHALLENGE}
    assert refusal(server.verify, STORED, downgrade)[0] == "verifier_mismatch"


# Parameters.


@pytest.mark.parametrize("name", ["code_challenge", "code_challenge_method"])
def test_repeated_parameters_are_refused_at_bind(name: str) -> None:
    once = list(CHALLENGE.items())
    for values in (["", CHALLENGE[name]], [CHALLENGE[name], ""], [CHALLENGE[name]] * 2, ["a", "b", "c"]):
        pairs = [pair for pair in once if pair[0] != name] + [(name, value) for value in values]
        met = set()
        for shape, params in shapes.every(pairs):
            if "" in values and shape in {"parse_qs", "parse_qsl"}:
                continue  # They drop empty values, so the repetition is not visible.
            assert refusal(server.bind, params) == ("parameter_duplicate", "invalid_request"), shape
            assert refusal(OPTIONAL.allow_plain().bind, params) == ("parameter_duplicate", "invalid_request"), shape
            met.add(shape)
        assert met >= {*shapes.MULTIPLE, "Django"}


def test_repeated_verifiers_are_refused() -> None:
    for values in ([B, B], [B, "x"], ["x", B], ["", B], [B, ""]):
        for shape, params in shapes.every([("code_verifier", value) for value in values]):
            if "" in values and shape in {"parse_qs", "parse_qsl"}:
                continue
            for stored in (STORED, "none"):
                assert refusal(server.verify, stored, params) == ("parameter_duplicate", "invalid_request"), shape


def test_values_that_mean_absent() -> None:
    for absent in (None, "", [], (), [""]):
        assert refusal(server.verify, STORED, {"code_verifier": absent})[0] == "verifier_missing"
        assert refusal(server.verify, STORED, UserDict({"code_verifier": absent}))[0] == "verifier_missing"
        assert refusal(server.verify, STORED, [("code_verifier", absent)])[0] == "verifier_missing"
    server.verify(STORED, [("code_verifier", None), ("code_verifier", B), ("code_verifier", None)])


def test_other_parameters_are_ignored() -> None:
    extra: dict[str, Any] = {"code": b"\xff", "n": 1, "CODE_VERIFIER": "x", "code_verifier ": "x", "\udc80": object()}
    for params in (extra | VERIFIER, UserDict(extra | VERIFIER), (extra | VERIFIER).items()):
        server.verify(STORED, params)


def test_a_defaultdict_gets_no_new_keys() -> None:
    params: defaultdict[str, str] = defaultdict(str)
    assert refusal(server.verify, STORED, params)[0] == "verifier_missing"
    assert not params


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("\udc80" * 14, ("verifier_length", "challenge_malformed", "method_unsupported")),
        ("\udc80" + B, ("verifier_character", "challenge_malformed", "method_unsupported")),
        (B + "é", ("verifier_character", "challenge_malformed", "method_unsupported")),
        (B + "\n", ("verifier_character", "challenge_malformed", "method_unsupported")),
        (B + "\0", ("verifier_character", "challenge_malformed", "method_unsupported")),
        ("x", ("verifier_length", "challenge_malformed", "method_unsupported")),
        ("x" * 10_000_000, ("verifier_length", "challenge_malformed", "method_unsupported")),
        ("é" * 10_000_000, ("verifier_length", "challenge_malformed", "method_unsupported")),
        ("\udc80" * 10_000_000, ("verifier_length", "challenge_malformed", "method_unsupported")),
        (Liar("\udc80" + B), ("verifier_character", "challenge_malformed", "method_unsupported")),
    ],
    ids=lambda value: "" if isinstance(value, tuple) else ascii(str.__str__(value))[:20],
)
def test_hostile_text_is_refused_like_any_other_wrong_value(text: str, names: tuple[str, str, str]) -> None:
    wide = [] if len(str.__str__(text)) > 1_000_000 else [MultiDict, FormData, shapes.GetAll]
    for shape in [dict, UserDict, list, *wide]:
        assert refusal(server.verify, STORED, shape([("code_verifier", text)])) == (names[0], "invalid_grant")
        challenge = [("code_challenge", text), ("code_challenge_method", "S256")]
        assert refusal(server.bind, shape(challenge)) == (names[1], "invalid_request")
        method = [("code_challenge", B_CHALLENGE), ("code_challenge_method", text)]
        assert refusal(server.bind, shape(method)) == (names[2], "invalid_request")


def test_overridden_methods_of_a_str_are_not_called() -> None:
    server.verify(STORED, {"code_verifier": Liar(B)})
    server.verify(STORED, [(Liar("code_verifier"), Liar(B))])
    assert str(server.bind({"code_challenge": Liar(B_CHALLENGE), "code_challenge_method": Liar("S256")})) == STORED


def test_an_uploaded_file_is_a_mistake_of_the_client() -> None:
    file = UploadFile(io.BytesIO(B.encode()), filename="verifier")
    form = FormData([("code_verifier", file)])
    assert refusal(server.verify, STORED, form) == ("verifier_character", "invalid_grant")
    assert refusal(server.verify, "none", form) == ("verifier_unexpected", "invalid_request")
    assert refusal(server.verify, STORED, FormData([("code_verifier", file), ("code_verifier", B)])) == (
        "parameter_duplicate",
        "invalid_request",
    )
    for policy in (server.Policy.strict().allow_plain(), OPTIONAL):
        challenge = FormData([("code_challenge", file), ("code_challenge_method", "S256")])
        assert refusal(policy.bind, challenge)[0] == "challenge_malformed"
        method = FormData([("code_challenge", B_CHALLENGE), ("code_challenge_method", file)])
        assert refusal(policy.bind, method)[0] == "method_unsupported"
    plain = server.Policy.strict().allow_plain()
    assert refusal(plain.bind, FormData([("code_challenge", file)]))[0] == "challenge_malformed"


# Wrong calls.

SECRET = B[:20]


@pytest.mark.parametrize(
    "value",
    [
        B.encode(),
        bytearray(B.encode()),
        7,
        7.5,
        True,
        [B.encode()],
        (None,),
        [7],
        [[B]],
        [B, B.encode()],
        {B: B},
        {B},
        object(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_of_other_types_are_type_errors(value: Any) -> None:
    shaped: list[Any] = [{"code_verifier": value}, UserDict({"code_verifier": value}), [("code_verifier", value)]]
    shaped.append(
        MultiDict([("code_verifier", value)]) if not isinstance(value, (list, tuple)) else {"code_verifier": value}
    )
    for params in shaped:
        for stored in (STORED, "none"):
            with pytest.raises(TypeError, match="^code_verifier must be str, not ") as error:
                server.verify(stored, params)
            assert SECRET not in str(error.value)
    with pytest.raises(TypeError, match="^code_challenge_method must be str, not "):
        OPTIONAL.bind({"code_challenge_method": value})


@pytest.mark.parametrize("call", [lambda params: server.verify("none", params), OPTIONAL.bind, server.bind])
@pytest.mark.parametrize(
    "params",
    [
        None,
        B,
        "",
        B.encode(),
        b"",
        bytearray(),
        7,
        True,
        object(),
        len,
        dict,
        [B],
        [(B,)],
        [(B, B, B)],
        [None],
        {B},
        [{1: 2}],
    ],
    ids=ascii,
)
def test_params_of_other_types_are_type_errors(call: Any, params: Any) -> None:
    with pytest.raises(TypeError, match="^params is the whole query or form") as error:
        call(params)
    assert SECRET not in str(error.value)


def test_bytes_keys_do_not_count_as_an_absent_parameter() -> None:
    form = parse_qs(f"code_verifier={B}&code_challenge={B_CHALLENGE}".encode())
    for params in (form, defaultdict(list, form)):
        with pytest.raises(TypeError, match="^the key code_challenge must be str, not bytes"):
            OPTIONAL.bind(params)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="^the key code_verifier must be str, not bytes"):
            server.verify("none", params)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="^the name of a parameter must be str, not bytes"):
        server.verify("none", form.items())  # type: ignore[arg-type]


def test_iterators_are_refused_because_they_can_be_read_only_once() -> None:
    pairs = [("code_verifier", B)]
    for iterator in (iter(pairs), (pair for pair in pairs), reversed(pairs), MultiDict(pairs).items(multi=True)):
        with pytest.raises(TypeError, match="^params is an iterator"):
            server.verify("none", iterator)


class Broken:
    """A parameter container whose method raises."""

    def __init__(self, method: str, error: BaseException) -> None:
        def fail(*_: Any) -> Any:
            raise error

        setattr(self, method, fail)


@pytest.mark.parametrize(
    "error", [RuntimeError("database"), KeyboardInterrupt(), MemoryError(), AttributeError("inner")]
)
@pytest.mark.parametrize("method", ["getlist", "getall"])
def test_exceptions_of_the_container_pass_through(method: str, error: BaseException) -> None:
    for call in (server.bind, lambda params: server.verify("none", params)):
        with pytest.raises(type(error)) as raised:
            call(Broken(method, error))  # type: ignore[arg-type]
        assert raised.value is error


def test_exceptions_of_properties_mappings_and_iterators_pass_through() -> None:
    class Property:
        @property
        def getlist(self) -> Any:
            raise RuntimeError("property")

    class Mapping(UserDict[str, str]):
        def get(self, *_: Any) -> Any:
            raise RuntimeError("mapping")

    class Iterable:
        def __iter__(self) -> Any:
            raise RuntimeError("iterable")

    class Generator:
        def __iter__(self) -> Any:
            yield "code_verifier", B
            raise RuntimeError("generator")

    class Unequal:
        def __hash__(self) -> int:
            return hash("code_verifier")

        def __eq__(self, other: object) -> bool:
            raise RuntimeError("key")

    for params in (Property(), Mapping(), Iterable(), Generator(), {Unequal(): "x"}):
        with pytest.raises(RuntimeError):
            server.verify("none", params)  # type: ignore[arg-type]


def test_a_key_error_of_getall_means_absent() -> None:
    server.verify("none", Broken("getall", KeyError("code_verifier")))  # type: ignore[arg-type]
    with pytest.raises(KeyError):
        server.verify("none", Broken("getlist", KeyError("code_verifier")))  # type: ignore[arg-type]


def test_repetitions_are_seen_although_get_hides_them() -> None:
    """`get` of Django returns the last value and that of Werkzeug the first, so `getlist` is used where it exists."""
    query = f"code_verifier={B[::-1]}&code_verifier={B}"
    assert QueryDict(query).get("code_verifier") == B
    assert MultiDict([("code_verifier", B), ("code_verifier", "x")]).get("code_verifier") == B
    for params in (QueryDict(query), MultiDict([("code_verifier", B), ("code_verifier", "x")])):
        assert refusal(server.verify, STORED, params)[0] == "parameter_duplicate"


def test_verify_returns_nothing_that_a_caller_could_ignore() -> None:
    returned: object = server.verify(STORED, VERIFIER)  # type: ignore[func-returns-value]
    assert returned is None


def test_arguments() -> None:
    wrong: list[Any] = [(), (STORED,), (STORED, VERIFIER, 1)]
    for arguments in wrong:
        with pytest.raises(TypeError):
            server.verify(*arguments)
    with pytest.raises(TypeError):
        server.verify(binding=STORED, params=VERIFIER)  # type: ignore[call-arg]


def test_a_verifier_object_is_not_a_parameter() -> None:
    with pytest.raises(TypeError, match="^code_verifier must be str, not Verifier$"):
        server.verify(STORED, {"code_verifier": proofkey.Verifier(B)})  # type: ignore[arg-type]
