# SPDX-License-Identifier: Apache-2.0
"""Calls OpenNebula's XML-RPC interface.

Each method is named ``one.SOMETHING`` and takes the session first.

pyone, the vendor's library, has no timeout that counts and keeps no
connection, can be given neither from outside, and brings a gRPC library.
"""

from collections.abc import Sequence
from typing import Any
from xml.parsers import expat
import xmlrpc.client

from lxml import etree
from oslo_config import cfg
import requests

from reposync import exception
from reposync.drivers.opennebula.xmlrpc import errors

_CONNECT = 10
#: Whether it succeeded, what it gives or why not, and a code; more may follow.
_PARTS = 3
#: What reading an answer raises that is none of XML-RPC.
_BROKEN = (
    ArithmeticError,
    AttributeError,
    expat.ExpatError,
    xmlrpc.client.ResponseError,
    LookupError,
    TypeError,
    ValueError,
)
_HEADERS = {"Content-Type": "text/xml", "User-Agent": "reposync"}

Call = tuple[Any, ...]


class Server:
    """The front end, for one thread.

    :param session: ``user:password``
    :raises ReposyncError: by any method; the fitting kind
    """

    def __init__(self, conf: cfg.ConfigOpts, session: str):
        """Store where it is; connect to nothing."""
        self._conf = conf.opennebula
        self._session = session
        self._secret = session.partition(":")[2]
        self._http = requests.Session()
        # Nothing of the environment: no other account, no other way.
        self._http.trust_env = False
        self._http.verify = (
            False
            if self._conf.insecure
            else self._conf.cafile or requests.utils.DEFAULT_CA_BUNDLE_PATH
        )

    def call(self, name: str, *arguments: Any) -> Any:
        """Call a method.

        :param name: without ``one.``, such as ``image.info``
        :param arguments: those after the session
        :returns: what it gives; XML as an element of lxml
        """
        params = (self._session, *arguments)
        try:
            return self._checked(self._exchange(f"one.{name}", params))
        except xmlrpc.client.Fault as fault:
            raise self._fault(fault) from fault

    def together(self, calls: Sequence[Call]) -> bool:
        """Do several calls in one request, one after the other.

        :param calls: method and arguments of each, ``("image.rename", ...)``
        :returns: False if the front end cannot do this; nothing is done then
        :raises ReposyncError: that of the first call that was refused; all
            others were done
        """
        listed = [
            {
                "methodName": f"one.{name}",
                "params": [self._session, *arguments],
            }
            for name, *arguments in calls
        ]
        try:
            answers = self._exchange("system.multicall", (listed,))
        except xmlrpc.client.Fault as fault:
            if fault.faultCode == errors.NO_SUCH_METHOD:
                return False
            raise self._fault(fault) from fault
        if not isinstance(answers, list) or len(answers) != len(calls):
            raise errors.unreadable("not as many answers as calls")
        for answer in answers:
            if isinstance(answer, dict):
                raise errors.fault(
                    answer.get("faultCode", 0),
                    self._harmless(answer.get("faultString", "")),
                )
            inside = isinstance(answer, list) and len(answer) == 1
            self._checked(answer[0] if inside else None)
        return True

    def _checked(self, answer: Any) -> Any:
        """Raise what was refused, and read what was given."""
        if not isinstance(answer, list) or len(answer) < _PARTS:
            raise errors.unreadable("an answer has three parts")
        succeeded, value, code = answer[:_PARTS]
        if not succeeded:
            raise errors.refused(code, self._harmless(value))
        if isinstance(value, str) and value.startswith("<"):
            try:
                return etree.fromstring(value.encode(), _parser())
            except (etree.XMLSyntaxError, ValueError) as error:
                raise errors.unreadable(self._harmless(error)) from error
        return value

    def _exchange(self, method: str, params: tuple[Any, ...]) -> Any:
        body = xmlrpc.client.dumps(params, method).encode()
        try:
            answer = self._http.post(
                self._conf.endpoint,
                data=body,
                headers=_HEADERS,
                timeout=(_CONNECT, self._conf.timeout),
                # Elsewhere the password is nobody's business.
                allow_redirects=False,
            )
        except requests.exceptions.SSLError as error:
            raise exception.CatalogueUnavailable(
                "The certificate of the front end is not valid: "
                f"{self._harmless(error)}. Set cafile in [opennebula]"
            ) from error
        except requests.RequestException as error:
            raise exception.CatalogueUnavailable(
                "The front end of OpenNebula does not answer: "
                f"{self._harmless(error)}"
            ) from error
        _check_status(answer.status_code)
        try:
            [value], _ = xmlrpc.client.loads(answer.content)
        except _BROKEN as error:
            raise errors.unreadable(self._harmless(error)) from error
        return value

    def _fault(self, fault: xmlrpc.client.Fault) -> exception.ReposyncError:
        return errors.fault(fault.faultCode, self._harmless(fault.faultString))

    def _harmless(self, text: object) -> str:
        # An answer may have a list of lists there, of any depth.
        plain = isinstance(text, (str, int, float, Exception))
        shown = str(text) if plain else type(text).__name__
        return shown.replace(self._secret, "***") if self._secret else shown


def _check_status(status: int) -> None:
    if status in (401, 403):
        raise exception.CatalogueDenied(
            "What stands before the front end of OpenNebula refuses requests "
            f"with the HTTP status {status}. Check endpoint in [opennebula], "
            "and who may use it"
        )
    if status != 200:
        raise exception.CatalogueUnavailable(
            "The front end of OpenNebula answers with the HTTP status "
            f"{status}. Check endpoint in [opennebula]"
        )


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=True
    )
