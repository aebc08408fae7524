# SPDX-License-Identifier: Apache-2.0
"""What can go wrong, as the service itself speaks of it.

::

    ReposyncError
    |-- InvalidRequest            the caller's input
    |   |-- InvalidReference
    |   |-- InvalidFilter
    |   `-- InvalidWebhook
    |-- NotFound
    |   |-- ImageNotFound
    |   `-- OperationNotFound
    |-- OperationFinished         too late to cancel
    |-- RepositoryNotAllowed, RepositoriesUnreadable
    |-- SourceError               the registry or the engine
    |   |-- ReferenceNotFound
    |   |-- PlatformNotFound
    |   |-- RegistryDenied
    |   |-- RateLimited
    |   |-- SourceUnavailable
    |   |-- SourceDiskFull
    |   `-- ArchiveDamaged
    |-- CatalogueError            the driver
    |   |-- ImageInUse, ImageProtected, ImageNotManaged, ImageDamaged
    |   |-- CatalogueQuotaExceeded, CatalogueDenied
    |   `-- CatalogueUnavailable, CatalogueUnsuitable
    |-- ConductorUnavailable, ConductorTimeout
    |-- DatabaseUnavailable
    |-- TooManyAttempts
    `-- OperationCancelled, LeaseLost, StoppingService

``code`` is part of the API: one string, one class, never changed.  The text
is shown to callers: no secret, and what to do where something can be done.
"""

from typing import ClassVar


class ReposyncError(Exception):
    """The root of all errors that are expected to happen."""

    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Internal error"
    #: whether the same work may succeed later without anybody's help
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, retry_after: float | None = None):
        """Keep the text, and the seconds to wait where anybody named them."""
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after


class InvalidRequest(ReposyncError):
    """The request cannot be understood."""

    code = "invalid_request"
    title = "Invalid request"


class InvalidReference(InvalidRequest):
    """The image name does not follow the grammar of references."""

    code = "invalid_reference"
    title = "Invalid image name"


class InvalidFilter(InvalidRequest):
    """The filter is neither a wildcard nor a regular expression."""

    code = "invalid_filter"
    title = "Invalid filter"


class InvalidWebhook(InvalidRequest):
    """The body of a webhook is not what its format says."""

    code = "invalid_webhook"
    title = "Invalid webhook body"


class NotFound(ReposyncError):
    """The thing asked for is not there, or not for this caller."""

    code = "not_found"
    title = "Not found"


class ImageNotFound(NotFound):
    """The catalogue has no such image."""

    code = "image_not_found"
    title = "Image not found"


class OperationNotFound(NotFound):
    """There is no such operation in the caller's project."""

    code = "operation_not_found"
    title = "Operation not found"


class OperationFinished(ReposyncError):
    """The operation has ended and cannot be cancelled any more."""

    code = "operation_finished"
    title = "Operation already finished"


class RepositoryNotAllowed(ReposyncError):
    """The repository is not on the list of what is mirrored."""

    code = "repository_not_allowed"
    title = "Repository not allowed"


class RepositoriesUnreadable(ReposyncError):
    """The list of what is mirrored cannot be read."""

    code = "repositories_unreadable"
    title = "List of repositories unreadable"


class SourceError(ReposyncError):
    """The image could not be read."""

    code = "source_error"
    title = "The image could not be read"


class ReferenceNotFound(SourceError):
    """The registry does not know the repository or the tag."""

    code = "reference_not_found"
    title = "Image unknown to the registry"


class PlatformNotFound(SourceError):
    """The image exists, but not for the platform asked for."""

    code = "platform_not_found"
    title = "Image not available for this platform"


class RegistryDenied(SourceError):
    """The registry refuses these credentials, or none were given."""

    code = "registry_denied"
    title = "Access denied by the registry"


class RateLimited(SourceError):
    """The registry asks to come back later."""

    code = "rate_limited"
    title = "Rate limit of the registry reached"
    retryable = True


class SourceUnavailable(SourceError):
    """The engine or the registry does not answer."""

    code = "source_unavailable"
    title = "Engine or registry unavailable"
    retryable = True


class SourceDiskFull(SourceError):
    """The engine has no room for the image."""

    code = "source_disk_full"
    title = "Disk of the engine full"
    retryable = True


class ArchiveDamaged(SourceError):
    """The archive is cut short or does not match its digests."""

    code = "archive_damaged"
    title = "Archive damaged"
    retryable = True


class CatalogueError(ReposyncError):
    """The catalogue refused."""

    code = "catalogue_error"
    title = "The catalogue refused"


class ImageInUse(CatalogueError):
    """The catalogue keeps the image because something uses it."""

    code = "image_in_use"
    title = "Image in use"


class ImageProtected(CatalogueError):
    """The image is protected against deletion."""

    code = "image_protected"
    title = "Image protected"


class ImageNotManaged(CatalogueError):
    """The image was not made by this service, so it is left alone."""

    code = "image_not_managed"
    title = "Image not managed by this service"


class ImageDamaged(CatalogueError):
    """What the catalogue stored is not what was sent."""

    code = "image_damaged"
    title = "Image damaged on the way"
    retryable = True


class CatalogueQuotaExceeded(CatalogueError):
    """A quota or a size limit of the catalogue is reached."""

    code = "catalogue_quota_exceeded"
    title = "Quota of the catalogue exceeded"


class CatalogueDenied(CatalogueError):
    """The catalogue refuses the service's own credentials."""

    code = "catalogue_denied"
    title = "Access denied by the catalogue"


class CatalogueUnavailable(CatalogueError):
    """The catalogue does not answer."""

    code = "catalogue_unavailable"
    title = "Catalogue unavailable"
    retryable = True


class CatalogueUnsuitable(CatalogueError):
    """The catalogue is not set up to hold container images."""

    code = "catalogue_unsuitable"
    title = "Catalogue not set up for container images"


class ConductorUnavailable(ReposyncError):
    """The message bus cannot be reached."""

    code = "conductor_unavailable"
    title = "Conductor unavailable"
    retryable = True


class ConductorTimeout(ReposyncError):
    """No conductor answered in time."""

    code = "conductor_timeout"
    title = "Conductor did not answer"
    retryable = True


class DatabaseUnavailable(ReposyncError):
    """The database cannot be reached; nothing was accepted."""

    code = "database_unavailable"
    title = "Database unavailable"
    retryable = True


class TooManyAttempts(ReposyncError):
    """The operation was begun too often without reaching its end."""

    code = "too_many_attempts"
    title = "Too many attempts"


class OperationCancelled(ReposyncError):
    """Somebody cancelled the operation."""

    code = "operation_cancelled"
    title = "Operation cancelled"


class LeaseLost(ReposyncError):
    """Another conductor may have taken the operation over: stop at once."""

    code = "lease_lost"


class StoppingService(ReposyncError):
    """This conductor stops; the operation goes back into the queue."""

    code = "stopping_service"
    retryable = True
