package dev.bulkhead.e2e.bench;

import static dev.bulkhead.e2e.bench.Statistics.percentile;

import dev.bulkhead.e2e.Host;
import dev.bulkhead.e2e.Hosts;
import dev.bulkhead.e2e.Lab;
import dev.bulkhead.e2e.Manifests;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// How long a VM takes to run and to answer, against what a pod and a guest take by themselves: in
/// each round one VM, one pod of the VM's own container without any volume, and one `virsh create`
/// of the VM's domain, one after the other on one node.
record StartBench(Lab lab, Hosts hosts, int rounds) {
  private static final String MODEL = "model";
  private static final double AIM = 1.25;

  /// One round, in seconds.
  private record Round(
      Map<String, Double> vm, double podRuns, double bareRuns, double bareAnswers) {

    double sumRuns() {
      return podRuns + bareRuns;
    }

    double sumAnswers() {
      return podRuns + bareAnswers;
    }
  }

  void run(Report report) {
    var node = lab.firstNode();
    var host = hosts.on(node);
    lab.apply(Manifests.tinyGuest(MODEL, Manifests.onNode(node)));
    lab.awaitRunning(MODEL);
    try (var bare = new BareLibvirt(host, lab, MODEL);
        var events = new DomainEvents(bare);
        var timeline = new Timeline(lab)) {
      bare.create(bare.xml());
      bare.assertSameQemu(host.qemuOf(lab, MODEL));
      bare.destroy();
      lab.delete("vm/" + MODEL);
      lab.awaitNoPod(MODEL);
      var measured = new ArrayList<Round>();
      round(host, bare, events, timeline, "warm"); // image unpacked, page cache filled, JIT run
      for (int i = 0; i < rounds; i++) {
        measured.add(round(host, bare, events, timeline, Integer.toString(i)));
      }
      report(report, measured);
    }
  }

  private Round round(
      Host host, BareLibvirt bare, DomainEvents events, Timeline timeline, String name) {
    var vm = startVm(host, events, timeline, "vm-" + name);
    var pod = startPod(timeline, "pod-" + name);
    events.forget(bare.domain());
    var began = Instant.now();
    bare.create(bare.xml());
    var answered = HttpProbe.firstAnswer(host, bare.inNetwork(), BareLibvirt.GUEST_ADDRESS);
    var runs = Timeline.await("bare domain", () -> events.lastRun(bare.domain()));
    bare.destroy();
    return new Round(vm, pod, seconds(began, runs), seconds(began, answered));
  }

  private Map<String, Double> startVm(
      Host host, DomainEvents events, Timeline timeline, String name) {
    var manifest = Manifests.tinyGuest(name, Manifests.onNode(host.name()));
    var began = Instant.now();
    lab.client().resource(manifest).inNamespace(lab.namespace()).create();
    var address = timeline.awaitAddress(name);
    var answered = HttpProbe.firstAnswer(host, List.of(), address);
    var times = new LinkedHashMap<String, Double>();
    for (var mark : List.of("pod made", "pod bound", "container runs", "status Running")) {
      times.put(mark, seconds(began, timeline.await(name, mark)));
    }
    var domain = lab.namespace() + "." + name;
    times.put("domain runs", seconds(began, Timeline.await(domain, () -> events.lastRun(domain))));
    times.put("answers", seconds(began, answered));
    lab.delete("vm/" + name);
    lab.awaitNoPod(name);
    return times;
  }

  private double startPod(Timeline timeline, String name) {
    var manifest = Manifests.keeperPod(name, lab.firstNode());
    var began = Instant.now();
    lab.client().resource(manifest).inNamespace(lab.namespace()).create();
    var runs = timeline.await(name, "container runs");
    lab.delete("pod/" + name);
    return seconds(began, runs);
  }

  private static double seconds(Instant from, Instant to) {
    return Duration.between(from, to).toMillis() / 1000.0;
  }

  private void report(Report report, List<Round> measured) {
    for (int percent : List.of(50, 95)) {
      var answers = of(measured, percent, round -> round.vm().get("answers"));
      var runs = of(measured, percent, round -> round.vm().get("domain runs"));
      report.figure("start_answer_p%d_s".formatted(percent), answers, "s", "apply → HTTP answer");
      report.figure("start_running_p%d_s".formatted(percent), runs, "s", "apply → domain runs");
      report.figure(
          "pod_start_p%d_s".formatted(percent),
          of(measured, percent, Round::podRuns),
          "s",
          "bare pod: apply → container runs");
      report.figure(
          "virsh_answer_p%d_s".formatted(percent),
          of(measured, percent, Round::bareAnswers),
          "s",
          "virsh create → HTTP answer");
      report.figure(
          "virsh_running_p%d_s".formatted(percent),
          of(measured, percent, Round::bareRuns),
          "s",
          "virsh create → domain runs");
      report.figure(
          "start_ratio_p%d".formatted(percent),
          answers / of(measured, percent, Round::sumAnswers),
          "",
          AIM,
          "apply → answer, to pod + virsh → answer");
      report.figure(
          "start_running_ratio_p%d".formatted(percent),
          runs / of(measured, percent, Round::sumRuns),
          "",
          AIM,
          "apply → runs, to pod + virsh → runs");
    }
    report.samples("start", measured);
  }

  private static double of(List<Round> measured, int percent, Function<Round, Double> value) {
    return percentile(measured.stream().map(value).toList(), percent);
  }
}
