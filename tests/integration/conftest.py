"""What the tests on real sockets need."""

from tests.integration.real import house_fixture

open_house = house_fixture
