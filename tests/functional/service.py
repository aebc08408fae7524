# SPDX-License-Identifier: Apache-2.0
"""Tests of the deployed service."""

import docker

import lab
from lab import images
from reposync import reference as ref
from tests.fixtures import client
from tests.fixtures import cloud
from tests.fixtures import deployment
from tests.functional import base


class ServiceTestCase(base.TestCase):
    """A test with the deployed service, its cloud and an image of its own.

    ``self.name`` is the short name of a repository no other test uses.
    """

    def setUp(self):
        super().setUp()
        self.service = deployment.shared(self.lab)
        self.cloud = cloud.Cloud(self.lab)
        self.admin = self.client()
        repository = deployment.unique("test/image")
        self.name = f"{self.lab['LAB_REGISTRY']}/{repository}"
        self.addCleanup(self.forget_images)

    def client(self, user="reposync", **kwargs):
        """Give a caller who is logged in as a user."""
        token = self.cloud.token(user, **kwargs)
        return client.Client(self.service.url, token)

    def push(self, content, tag="latest", name=None, **kwargs):
        """Push an image to the lab's registry."""
        reference = ref.Reference.parse(name or self.name)
        return images.push_image(
            reference.registry,
            reference.repository,
            tag,
            {"content": content.encode()},
            **kwargs,
        )

    def engine(self):
        """Give a client of the lab's engine."""
        engine = docker.DockerClient(
            base_url=self.lab["LAB_DOCKER_HOST"], timeout=300
        )
        self.addCleanup(engine.close)
        return engine

    def servers(self):
        """Give the lab, to stop and start its servers."""
        return lab.Lab.load()

    def forget_images(self):
        for image in self.cloud.everything(self.name):
            self.cloud.glance.delete_image(image.id, ignore_missing=True)
