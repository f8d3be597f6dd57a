"""All tests here may use the rig."""

pytest_plugins = ["rig.plugin"]
