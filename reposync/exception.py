# SPDX-License-Identifier: Apache-2.0
"""What can go wrong, as the service itself speaks of it.

::

    ReposyncError
    |-- InvalidRequest: InvalidReference, InvalidFilter, InvalidWebhook
    |-- NotFound: ImageNotFound, OperationNotFound
    |-- SourceError: ReferenceNotFound, PlatformNotFound, ImageUnsupported,
    |       RegistryDenied, RateLimited, RegistryBehind, ArchiveDamaged,
    |       SourceUnavailable, SourceDiskFull
    |-- CatalogueError: ImageInUse, ImageProtected, ImageNotManaged, ImageBusy,
    |       ImageDamaged, CatalogueQuotaExceeded, CatalogueDenied,
    |       CatalogueUnavailable, CatalogueUnsuitable
    |-- ConductorUnavailable, ConductorTimeout, DatabaseUnavailable
    |-- KeysUnavailable, RepositoriesUnreadable, RepositoryNotAllowed
    |-- Forbidden, OperationFinished, TooManyOperations, TooManyAttempts
    `-- OperationCancelled, LeaseLost, StoppingService

``code`` is part of the API: one string, one class, never changed.  The text
is shown to callers: no secret, and what to do where something can be done.
"""

from typing import ClassVar

from reposync import texts


class ReposyncError(Exception):
    """The root of all errors that are expected to happen."""

    code: ClassVar[str] = "internal_error"
    #: whether the same work may succeed later without anybody's help
    retryable: ClassVar[bool] = False

    @classmethod
    def title(cls) -> str:
        """Give the code in words, such as ``Image not found``."""
        return cls.code.replace("_", " ").capitalize()

    def __init__(self, message: str, *, retry_after: float | None = None):
        """Keep the text, and the seconds to wait where anybody named them."""
        # It often has words of others in it.
        self.message = texts.cut(texts.printable(message))
        super().__init__(self.message)
        self.retry_after = retry_after


class InvalidRequest(ReposyncError):
    """The request cannot be understood."""

    code = "invalid_request"


class InvalidReference(InvalidRequest):
    """The image name does not follow the grammar of references."""

    code = "invalid_reference"


class InvalidFilter(InvalidRequest):
    """The filter is neither a wildcard nor a regular expression."""

    code = "invalid_filter"


class InvalidWebhook(InvalidRequest):
    """The body of a webhook is not what its format says."""

    code = "invalid_webhook"


class NotFound(ReposyncError):
    """The thing asked for is not there, or not for this caller."""

    code = "not_found"


class ImageNotFound(NotFound):
    """The catalogue has no such image."""

    code = "image_not_found"


class OperationNotFound(NotFound):
    """There is no such operation in the caller's project."""

    code = "operation_not_found"


class Forbidden(ReposyncError):
    """The caller's roles do not allow it."""

    code = "forbidden"


class OperationFinished(ReposyncError):
    """The operation has ended and cannot be cancelled any more."""

    code = "operation_finished"


class TooManyOperations(ReposyncError):
    """As many operations of the project wait as may."""

    code = "too_many_operations"


class RepositoryNotAllowed(ReposyncError):
    """The repository is not on the list of what is mirrored."""

    code = "repository_not_allowed"


class RepositoriesUnreadable(ReposyncError):
    """The list of what is mirrored cannot be read."""

    code = "repositories_unreadable"


class SourceError(ReposyncError):
    """The image could not be read."""

    code = "source_error"


class ReferenceNotFound(SourceError):
    """The registry does not know the repository or the tag."""

    code = "reference_not_found"


class PlatformNotFound(SourceError):
    """The image exists, but not for the platform asked for."""

    code = "platform_not_found"


class ImageUnsupported(SourceError):
    """What the registry holds is no image that an archive could carry."""

    code = "image_unsupported"


class RegistryDenied(SourceError):
    """The registry refuses these credentials, or none were given."""

    code = "registry_denied"


class RateLimited(SourceError):
    """The registry asks to come back later."""

    code = "rate_limited"
    retryable = True


class RegistryBehind(SourceError):
    """The registry does not show yet what its webhook told."""

    code = "registry_behind"
    retryable = True


class SourceUnavailable(SourceError):
    """The engine or the registry does not answer."""

    code = "source_unavailable"
    retryable = True


class SourceDiskFull(SourceError):
    """The engine has no room for the image."""

    code = "source_disk_full"
    retryable = True


class ArchiveDamaged(SourceError):
    """The archive is cut short or does not match its digests."""

    code = "archive_damaged"
    retryable = True


class CatalogueError(ReposyncError):
    """The catalogue refused."""

    code = "catalogue_error"


class ImageBusy(CatalogueError):
    """The catalogue is not done with the image yet; it can be later."""

    code = "image_busy"
    retryable = True


class ImageInUse(CatalogueError):
    """The catalogue keeps the image because something uses it."""

    code = "image_in_use"


class ImageProtected(CatalogueError):
    """The image is protected against deletion."""

    code = "image_protected"


class ImageNotManaged(CatalogueError):
    """The image was not made by this service, so it is left alone."""

    code = "image_not_managed"


class ImageDamaged(CatalogueError):
    """What the catalogue stored is not what was sent."""

    code = "image_damaged"
    retryable = True


class CatalogueQuotaExceeded(CatalogueError):
    """A quota or a size limit of the catalogue is reached."""

    code = "catalogue_quota_exceeded"


class CatalogueDenied(CatalogueError):
    """The catalogue refuses the service's own credentials."""

    code = "catalogue_denied"


class CatalogueUnavailable(CatalogueError):
    """The catalogue does not answer."""

    code = "catalogue_unavailable"
    retryable = True


class CatalogueUnsuitable(CatalogueError):
    """The catalogue is not set up to hold container images."""

    code = "catalogue_unsuitable"


class ConductorUnavailable(ReposyncError):
    """The message bus cannot be reached."""

    code = "conductor_unavailable"
    retryable = True


class ConductorTimeout(ReposyncError):
    """No conductor answered in time."""

    code = "conductor_timeout"
    retryable = True


class DatabaseUnavailable(ReposyncError):
    """The database cannot be reached; nothing was accepted."""

    code = "database_unavailable"
    retryable = True
    reason = public = ""  # the driver's words; the same without any names


class KeysUnavailable(ReposyncError):
    """The keys that sign a webhook's tokens cannot be had."""

    code = "keys_unavailable"
    retryable = True


class TooManyAttempts(ReposyncError):
    """The operation was begun too often without reaching its end."""

    code = "too_many_attempts"


class OperationCancelled(ReposyncError):
    """Somebody cancelled the operation."""

    code = "operation_cancelled"


class LeaseLost(ReposyncError):
    """Another conductor may have taken the operation over."""

    code = "lease_lost"


class StoppingService(ReposyncError):
    """This conductor stops; the operation goes back into the queue."""

    code = "stopping_service"
    retryable = True
