# SPDX-License-Identifier: Apache-2.0
"""What went wrong, in words that say what to do."""

from keystoneauth1 import exceptions as keystone
from openstack import exceptions

_HINTS = {
    401: "Check the token: with a shared one, OS_TOKEN or clouds.yaml",
    403: "Ask for the role that may do this, or use another account",
    503: "Operations that were accepted are not lost. Try again later",
    504: "Does a reposync-conductor run? Try again later",
}

#: Codes whose texts say what to do.
_TOLD = ("repository_not_allowed",)

#: Errors that commands put into words; all others are defects.
KNOWN = (exceptions.SDKException, keystone.ClientException)


def explain(error: Exception) -> str:
    """Put an error of the SDK or of Keystone's library into words."""
    if isinstance(error, exceptions.ServiceDisabledException):
        return (
            "This cloud's catalogue has no reposync. An operator registers "
            "it with: openstack service create --name reposync image-sync; "
            "openstack endpoint create --region <region> image-sync public "
            "<url>. Or name its address with --os-reposync-endpoint"
        )
    if isinstance(error, exceptions.HttpException):
        return _answer(error)
    if isinstance(error, keystone.ConnectFailure):
        return (
            f"Nothing answers there. Check the address, and whether "
            f"reposync-api runs ({error})"
        )
    return str(error)


def is_passing(error: Exception) -> bool:
    """Tell whether the next try may go well, with nobody's help."""
    if isinstance(error, exceptions.HttpException):
        return error.status_code in (429, 502, 503, 504)
    return isinstance(error, keystone.ConnectFailure)


def _answer(error: exceptions.HttpException) -> str:
    """Put an answer of the service into words."""
    text = str(error.message).rstrip(".")
    own = f"{type(error).__name__}: {error.status_code}"
    if text == own and error.status_code not in (502, 503, 504):
        # The SDK's own words: the answer had none of the service.
        url = getattr(error.response, "url", None) or "What is there"
        return (
            f"{url} answers {error.status_code} and seems to be no reposync. "
            "Check its address in the catalogue, or in "
            "--os-reposync-endpoint, and what stands before it"
        )
    if error.status_code in _HINTS and _code(error) not in _TOLD:
        text = f"{text}. {_HINTS[error.status_code]}"
    if error.request_id and error.status_code and error.status_code >= 500:
        text = f"{text} ({error.request_id})"
    return text


def _code(error: exceptions.HttpException) -> str | None:
    """Give the code of an error; None if something else answered."""
    try:
        return str(error.response.json()["errors"][0]["code"])
    except (AttributeError, LookupError, TypeError, ValueError):
        return None
