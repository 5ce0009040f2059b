"""The Kubernetes resources as kustomize renders them: valid, hardened, and meant for one another."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any, get_args

import kubernetes_validate  # type: ignore[import-untyped]  # it has no types
import pytest
import yaml

from deploy.kubernetes import rules
from deploy.mongodb.shard_by_shop import WHOLE, shard_keys
from services.reconciler import bootstrap as reconciler
from services.webhook_ingest import bootstrap as webhook_ingest
from shared.mongodb.schema import INDEXES

Json = dict[str, Any]

OVERLAY = Path(__file__).parents[3] / "deploy" / "kubernetes" / "overlays" / "example"
KUBECTL = Path(sys.executable).with_name("kubectl")
VERSIONS = ("1.30", "1.37")
UNVALIDATED = {"PrometheusRule", "RabbitmqCluster", "ScaledObject", "ServiceMonitor"}
"""Kinds of other projects: no package carries their schemas, so they are held to what is tested here alone."""

OWN = {"app.kubernetes.io/name": "trueup"}


@pytest.fixture(scope="module")
def resources() -> list[Json]:
    """All that the example renders to."""
    answer = subprocess.run(
        [KUBECTL, "kustomize", str(OVERLAY)], capture_output=True, text=True, check=False, env={"HOME": "/nonexistent"}
    )
    assert answer.returncode == 0, answer.stderr
    assert "Warning" not in answer.stderr
    return list(yaml.safe_load_all(answer.stdout))


def _of(resources: list[Json], kind: str) -> list[Json]:
    return [resource for resource in resources if resource["kind"] == kind]


def _pods(resources: list[Json]) -> list[dict[str, str]]:
    return [d["spec"]["template"]["metadata"]["labels"] for d in _of(resources, "Deployment")]


def _chooses(selector: Json, labels: dict[str, str]) -> bool:
    """Whether a selector with labels and `In` expressions chooses a pod."""
    exact = selector.get("matchLabels", {}).items() <= labels.items()
    return exact and all(
        labels.get(wanted["key"]) in wanted["values"] for wanted in selector.get("matchExpressions", [])
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_resources_are_valid(resources: list[Json], version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every resource of Kubernetes' own kinds fits that version's schema, unknown fields refused."""
    # It reads all definitions of a version, two megabytes, anew for each resource.
    monkeypatch.setattr(kubernetes_validate.utils, "schema_contents", cache(kubernetes_validate.utils.schema_contents))
    unvalidated = set()
    for resource in resources:
        if resource["kind"] in UNVALIDATED:
            unvalidated.add(resource["kind"])
        else:
            kubernetes_validate.validate(resource, version, strict=True)
    assert unvalidated == UNVALIDATED


def test_every_role_runs(resources: list[Json]) -> None:
    """Each role of each service has a Deployment, and none is given twice."""
    run = sorted(tuple(d["spec"]["template"]["spec"]["containers"][0]["args"]) for d in _of(resources, "Deployment"))
    wanted: list[tuple[str, ...]] = [("serve", "preview")]
    wanted += [("serve", "reconciler", "--role", role) for role in get_args(reconciler.ReconcilerRole)]
    wanted += [("serve", "webhook-ingest", "--role", role) for role in get_args(webhook_ingest.WebhookRole)]
    assert run == sorted(wanted)


def test_pods_may_do_nothing_but_their_work(resources: list[Json]) -> None:
    """No root, no privileges, nothing written, nothing asked of Kubernetes; probes and a limit of memory."""
    for deployment in _of(resources, "Deployment"):
        pod = deployment["spec"]["template"]["spec"]
        container = pod["containers"][0]
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"startupProbe", "livenessProbe", "readinessProbe"} <= container.keys()
        assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
        assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
        assert "memory" in container["resources"]["limits"]
        assert container["image"] == "registry.example/trueup:0.1.0"
        assert not container.get("envFrom"), "each role is given what it reads"


def test_every_deployment_has_its_budget(resources: list[Json]) -> None:
    """A disruption budget chooses the pods of one Deployment, so that a node's end never takes all of a role."""
    budgets = _of(resources, "PodDisruptionBudget")
    for labels in _pods(resources):
        assert len([b for b in budgets if _chooses(b["spec"]["selector"], labels)]) == 1, labels


def test_services_find_their_pods(resources: list[Json]) -> None:
    """A Service chooses pods, and its port is one of theirs; the Ingress leads to Services."""
    deployments = _of(resources, "Deployment")
    for service in _of(resources, "Service"):
        chosen = [
            d
            for d in deployments
            if _chooses({"matchLabels": service["spec"]["selector"]}, d["spec"]["template"]["metadata"]["labels"])
        ]
        assert chosen
        for deployment in chosen:
            ports = {port["name"] for port in deployment["spec"]["template"]["spec"]["containers"][0]["ports"]}
            assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    names = {service["metadata"]["name"] for service in _of(resources, "Service")}
    for rule in _of(resources, "Ingress")[0]["spec"]["rules"]:
        assert {path["backend"]["service"]["name"] for path in rule["http"]["paths"]} <= names


def test_the_network_is_shut_but_for_what_is_named(resources: list[Json]) -> None:
    """A policy shuts every pod of ours both ways; names are asked of kube-dns, wherever its labels are its own."""
    policies = {policy["metadata"]["name"]: policy["spec"] for policy in _of(resources, "NetworkPolicy")}
    shut = policies["trueup-nothing"]
    assert set(shut["policyTypes"]) == {"Ingress", "Egress"}
    assert not {"ingress", "egress"} & shut.keys()
    assert all(_chooses(shut["podSelector"], labels) for labels in _pods(resources))
    to = policies["trueup-names"]["egress"][0]["to"][0]
    assert to["podSelector"] == {"matchLabels": {"k8s-app": "kube-dns"}}
    callers = {
        labels["app.kubernetes.io/component"]
        for labels in _pods(resources)
        if _chooses(policies["trueup-to-shopify"]["podSelector"], labels)
    }
    assert callers == {"preview", "worker", "sweeper"}


def test_broker_and_store_let_in_whom_they_must(resources: list[Json]) -> None:
    """The broker's management is the operator's alone, its figures Prometheus's; the front does not reach MongoDB."""
    policies = {policy["metadata"]["name"]: policy["spec"] for policy in _of(resources, "NetworkPolicy")}
    for rule in policies["trueup-rabbitmq"]["ingress"]:
        if any(port["port"] in {15671, 15672, 15692} for port in rule.get("ports", [])):
            assert rule["from"]
            for peer in rule["from"]:
                assert any(peer.get(kind, {}) != {} for kind in ("namespaceSelector", "podSelector")), rule
    to_store = policies["trueup-to-mongodb"]["podSelector"]
    assert {"key": "app.kubernetes.io/component", "operator": "NotIn", "values": ["webhook-front"]} in to_store[
        "matchExpressions"
    ]


def test_what_keda_scales_has_no_replicas_of_its_own(resources: list[Json]) -> None:
    """KEDA and a rollout would fight over a number that both set; each of its objects has depth and age."""
    deployments = {d["metadata"]["name"]: d for d in _of(resources, "Deployment")}
    for scaled in _of(resources, "ScaledObject"):
        assert "replicas" not in deployments[scaled["spec"]["scaleTargetRef"]["name"]]["spec"]
        assert len(scaled["spec"]["triggers"]) == 2
        for trigger in scaled["spec"]["triggers"]:
            assert "example" not in trigger["metadata"]["serverAddress"]


def test_rules_are_those_of_prometheus() -> None:
    """The PrometheusRule is made of the same rules: `make kubernetes-rules` writes it."""
    assert rules.FILE.read_text(encoding="utf-8") == rules.text()


def test_collections_can_be_sharded_by_shop() -> None:
    """Every collection has a shard key or a reason for none, and every unique index begins with it."""
    assert set(shard_keys()) | WHOLE == set(INDEXES)
    for name, key in shard_keys().items():
        for index in INDEXES[name]:
            if index.document.get("unique"):
                assert next(iter(index.document["key"])) == next(iter(key)), (name, index.document)
