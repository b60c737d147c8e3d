import pytest

# It asserts for several tests; without this, its failures would not say what was compared.
pytest.register_assert_rewrite("six_operations")
