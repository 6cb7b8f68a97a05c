from complaints_platform.lake.data_sets import TABLES
from complaints_platform_tests.ui.dagster_server import running_dagster, wait_until

SOURCES_MODEL_AND_REPORTS = 4 + 1 + 2

LOCATIONS = """
{ workspaceOrError { ... on Workspace { locationEntries { name loadStatus locationOrLoadError { __typename
  ... on RepositoryLocation { repositories { assetNodes { id } jobs { name } } } } } } } }
"""


def test_dagster_serves_the_location_of_the_workspace_file(tmp_path):
    def loaded():
        (entry,) = dagster.ask(LOCATIONS)["workspaceOrError"]["locationEntries"]
        return entry if entry["loadStatus"] == "LOADED" else None

    with running_dagster(tmp_path, "dagster-webserver", "-w", "workspace.yaml") as dagster:
        entry = wait_until(loaded, 180, "the location is not loaded")
    assert entry["name"] == "complaints_platform"
    assert entry["locationOrLoadError"]["__typename"] == "RepositoryLocation"
    (repository,) = entry["locationOrLoadError"]["repositories"]
    assert len(repository["assetNodes"]) == len(TABLES) + SOURCES_MODEL_AND_REPORTS
    assert "collect" in {job["name"] for job in repository["jobs"]}
