"""A new analysis has the joints that its poses have: 17 or 33."""

from __future__ import annotations

from tests.api.api_play import Actor, Client, new_job, refused
from worker.storage.stores import Stores


def test_a_new_analysis_keeps_the_landmarks_of_its_poses(client: Client, stores: Stores) -> None:
    for had in (False, True):
        actor = Actor(stores, new_job(client, {"exercise": "squat", "blazepose": had})["id"])
        actor.finish()
        again = f"/jobs/{actor.id}/analyze"
        answer = client.post(again, json={"options": {"exercise": "lunge"}})
        assert answer.status_code == 202, answer.text
        assert answer.json()["options"].get("blazepose", False) is had
        problem = refused(
            client.post(again, json={"options": {"blazepose": not had}}), 422, "invalid_parameter"
        )
        assert problem["details"]["parameter"] == "blazepose"
        assert ("33" if had else "17") in problem["detail"]
        answer = client.post(again, json={"options": {"blazepose": had}})
        assert answer.status_code == 202, answer.text
