package dev.bulkhead.e2e;

import static java.util.stream.Collectors.joining;

import java.time.Duration;
import java.util.Collections;
import java.util.List;

/// The API server answers 429 to all that the node agents and the operator ask of it, until this is
/// ended: to Kubernetes' own priority and fairness their accounts are of a level without room.
/// Watches that are there go on.
///
/// Where nothing runs of a level, one request is let through even if there is no room for it
/// (canAccommodateSeatsLocked of apiserver/pkg/util/flowcontrol/fairqueuing/queueset). So one of
/// theirs is there all the time: its body never comes, and before the API server has waited for it
/// for a minute, another takes its place.
final class Refusals {
  private static final String NAME = "e2e-refused";
  private static final String ASK =
      "curl -s -o /dev/null --cacert /pki/ca.crt --cert /pki/admin.crt --key /pki/admin.key"
          + " -H 'Impersonate-User: system:serviceaccount:"
          + Deployment.NAMESPACE
          + ":%s' %s https://127.0.0.1:6443";

  /// Its body is read, and waited for, once the API server asks for it; it may refuse before.
  private static final String WITHOUT_BODY =
      "--http1.1 -H 'Expect: 100-continue' --expect100-timeout 60 -X POST -T -";

  private final Lab lab;
  private final Host controlPlane;
  private long occupant;

  Refusals(Lab lab, Hosts hosts) {
    this.lab = lab;
    this.controlPlane = hosts.controlPlane();
  }

  void begin() {
    lab.apply(level(), schema());
    occupant = occupy();
    Lab.await("429 for each of " + accounts()).during(Duration.ofSeconds(1)).until(this::bite);
  }

  /// Whether each of the accounts hears 429 now.
  boolean bite() {
    var heard =
        accounts().stream()
            .map(account -> ASK.formatted(account, "-w '%{http_code}\\n'") + "/version")
            .collect(joining("\n"));
    return controlPlane
        .sh(heard)
        .lines()
        .toList()
        .equals(Collections.nCopies(accounts().size(), "429"));
  }

  /// Nothing to do if it has not begun.
  void end() {
    lab.delete("flowschema/" + NAME, "prioritylevelconfiguration/" + NAME);
    if (occupant != 0) {
      controlPlane.sh("kill -- -" + occupant + " || true; rm -f /tmp/" + NAME + "{,.sh}");
      occupant = 0;
    }
  }

  private List<String> accounts() {
    return Deployment.pods(lab.client()).stream()
        .map(pod -> pod.getSpec().getServiceAccountName())
        .distinct()
        .sorted()
        .toList();
  }

  /// To write an Event, as the operator may. `--foreground` keeps it in the process group of the
  /// loop, to end with it.
  private long occupy() {
    var operator = Deployment.operatorPods(lab.client()).getFirst();
    var write =
        ASK.formatted(operator.getSpec().getServiceAccountName(), WITHOUT_BODY)
            + "/api/v1/namespaces/%s/events?dryRun=All".formatted(lab.namespace());
    var script =
        """
        rm -f /tmp/%1$s
        mkfifo /tmp/%1$s
        cat >/tmp/%1$s.sh <<'LOOP'
        exec 3<>/tmp/%1$s
        while :; do timeout --foreground 50 %2$s <&3; done
        LOOP
        setsid bash /tmp/%1$s.sh </dev/null >/dev/null 2>&1 & echo $!
        """
            .formatted(NAME, write);
    return Long.parseLong(controlPlane.sh(script).strip());
  }

  private static String level() {
    return """
    apiVersion: flowcontrol.apiserver.k8s.io/v1
    kind: PriorityLevelConfiguration
    metadata: {name: %s}
    spec:
      type: Limited
      limited:
        nominalConcurrencyShares: 0
        lendablePercent: 0
        borrowingLimitPercent: 0
        limitResponse: {type: Reject}
    """
        .formatted(NAME);
  }

  /// Before all of Kubernetes' own but that of administrators and of probes.
  private String schema() {
    var subjects =
        accounts().stream()
            .map(
                account ->
                    "{kind: ServiceAccount, serviceAccount: {namespace: %s, name: %s}}"
                        .formatted(Deployment.NAMESPACE, account))
            .collect(joining(", "));
    return """
    apiVersion: flowcontrol.apiserver.k8s.io/v1
    kind: FlowSchema
    metadata: {name: %1$s}
    spec:
      priorityLevelConfiguration: {name: %1$s}
      matchingPrecedence: 3
      rules:
      - subjects: [%2$s]
        resourceRules:
        - {verbs: ["*"], apiGroups: ["*"], resources: ["*"], namespaces: ["*"], clusterScope: true}
        nonResourceRules:
        - {verbs: ["*"], nonResourceURLs: ["*"]}
    """
        .formatted(NAME, subjects);
  }
}
