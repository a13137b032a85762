package dev.bulkhead.e2e;

import dev.bulkhead.e2e.bed.Node;
import dev.bulkhead.e2e.bed.Output;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;

/// The inside of a node, as root on it sees it. Processes are found by what they are and killed by
/// PID, never by a name that others may share.
public record Host(Node machine) {

  public String name() {
    return machine.name();
  }

  public String sh(String script) {
    return machine.sh(script);
  }

  /// What a command as root on it does, however it ends.
  public Output exec(String... command) {
    return machine.exec(command);
  }

  void kill(long pid) {
    machine.kill(pid);
  }

  public long qemuOf(Lab lab, String vm) {
    return one("QEMU of " + vm, qemusOf(lab, vm));
  }

  public long keeperOf(Lab lab, String vm) {
    var script =
        "for p in /proc/[0-9]*; do if [ \"$(cat $p/comm 2>/dev/null)\" = keeper ] && grep -q -e '%s' -e '%s' $p/cgroup; then echo ${p#/proc/}; fi; done"
            .formatted(podUid(lab, vm), podUid(lab, vm).replace('-', '_'));
    return one("keeper of " + vm, sh(script).lines().map(Long::valueOf).toList());
  }

  /// libvirt gives QEMU `-name guest=<domain>,…`; the domain is `<namespace>.<vm>`.
  List<Long> qemusOf(Lab lab, String vm) {
    return pids("guest=" + lab.namespace() + "." + vm + ",", "qemu-system-");
  }

  public long agentPid() {
    return one("node agent", agentPids());
  }

  /// The operator is a Java program too; its environment tells the agent from it.
  public List<Long> agentPids() {
    return javaPids("BULKHEAD_EMULATION=");
  }

  public List<Long> operatorPids(String pod) {
    return javaPids("POD_NAME=" + pod);
  }

  private List<Long> javaPids(String environment) {
    return pids("quarkus-run.jar", "java").stream()
        .filter(
            pid -> !sh("grep -z ^" + environment + " /proc/" + pid + "/environ || true").isEmpty())
        .toList();
  }

  public long libvirtdPid() {
    return one("libvirtd", libvirtdPids());
  }

  public List<Long> libvirtdPids() {
    return pids("libvirtd", "libvirtd");
  }

  /// Watches for it every few milliseconds, for a minute.
  CompletableFuture<Void> killOnceThereIsAQemuOf(Lab lab, String vm, long pid) {
    var script =
        """
        end=$((SECONDS + 60))
        until grep -qs 'guest=%s.%s[,]' /proc/[0-9]*/cmdline; do
          [ $SECONDS -lt $end ] || exit 1
        done
        kill -9 %d
        """
            .formatted(lab.namespace(), vm, pid);
    return CompletableFuture.runAsync(() -> sh(script));
  }

  /// Puts a process in the place of a libvirtd that its container runtime has forgotten: it looks
  /// like one, and takes the lock of its pid file as soon as the real one is gone.
  long standInForALostLibvirtd() {
    var script =
        """
        setsid perl -MFcntl -e '
          $0 = "libvirtd --config /run/libvirt/libvirtd.conf";
          open(my $file, "+<", "/run/bulkhead/libvirt/libvirtd.pid") or die;
          fcntl($file, F_SETLKW, pack("s s x4 q q l x4", F_WRLCK, 0, 0, 0, 0)) or die;
          truncate($file, 0); seek($file, 0, 0); syswrite($file, $$); sleep 300' </dev/null >/dev/null 2>&1 &
        echo $!
        """;
    return Long.parseLong(sh(script).strip());
  }

  long one(String what, List<Long> pids) {
    if (pids.size() != 1) {
      throw new AssertionError("expected one %s on %s, found %s".formatted(what, name(), pids));
    }
    return pids.getFirst();
  }

  /// PIDs of processes whose program's file name begins with `program` and whose command line
  /// contains `part`.
  public List<Long> pids(String part, String program) {
    var script =
        """
        for p in /proc/[0-9]*; do
          c=$(tr '\\0' ' ' <$p/cmdline 2>/dev/null) || continue
          e=$(basename "${c%%%% *}")
          case $e in %s*) case $c in *'%s'*) echo ${p#/proc/};; esac;; esac
        done
        """
            .formatted(program, part);
    return sh(script).lines().map(Long::valueOf).toList();
  }

  boolean runs(long pid) {
    return machine.exec("test", "-e", "/proc/" + pid).status() == 0;
  }

  /// Whether an HTTP server that this machine can reach answers with 200.
  boolean isOk(String address, int port, String path) {
    var get =
        """
        exec 3<>/dev/tcp/%s/%d
        printf 'GET %s HTTP/1.0\\r\\n\\r\\n' >&3
        read -r answer <&3
        [[ $answer = *' 200 '* ]]
        """
            .formatted(address, port, path);
    return machine.exec("timeout", "3", "bash", "-c", get).status() == 0;
  }

  /// All that a VM may leave behind: pod cgroups, QEMUs, taps and network namespaces, files and
  /// sockets of ours, mounts of libvirtd, libvirt's domains. One line each, sorted.
  SortedSet<String> footprint() {
    var script =
        """
        set +e +o pipefail # what is not there has no lines
        find /sys/fs/cgroup/memory /sys/fs/cgroup/kubepods* -type d -name '*pod*' 2>/dev/null
        for p in /proc/[0-9]*; do
          c=$(tr '\\0' ' ' <$p/cmdline 2>/dev/null) || continue
          case ${c%% *} in *qemu-system-*|*qemu-img|*genisoimage) echo "process $c";; esac
        done
        ip -o link | grep -v veth | sed 's/^[0-9]*: /link /; s/[:@].*//'
        ls /run/netns | sed 's/^/netns /'
        find /run/bulkhead /var/lib/bulkhead -not -path '*/cache/*' | sed 's/^/file /'
        for p in /proc/[0-9]*; do
          [ "$(cat $p/comm 2>/dev/null)" = libvirtd ] || continue
          cut -d' ' -f5 $p/mountinfo | grep /run/bulkhead/guests | sed 's/^/mount /'
        done
        cut -d' ' -f9- /proc/net/unix | grep -E '^ ?/run/bulkhead' | sed 's/^/socket /'
        """;
    return new TreeSet<>(sh(script).lines().map(String::strip).toList());
  }

  /// Live objects of a Java program by class, after a full collection: what `jcmd PID
  /// GC.class_histogram` prints. A program's image has no jcmd, so its protocol is spoken here.
  String heapHistogram(long pid) {
    var script =
        """
        use IO::Socket::UNIX;
        my $pid = shift;
        open(my $status, "<", "/proc/$pid/status") or die "no process $pid";
        my ($own) = map { /^NSpid:.*?(\\d+)$/ ? $1 : () } <$status>;
        my $tmp = "/proc/$pid/root/tmp";
        if (! -S "$tmp/.java_pid$own") {
          open(my $wish, ">", "$tmp/.attach_pid$own") or die "$tmp: $!";
          kill QUIT => $pid;
          for (1 .. 100) { last if -S "$tmp/.java_pid$own"; select(undef, undef, undef, 0.1); }
          unlink "$tmp/.attach_pid$own";
        }
        my $vm = IO::Socket::UNIX->new("$tmp/.java_pid$own") or die "process $pid does not listen: $!";
        print $vm join("\\0", 1, "jcmd", "GC.class_histogram", "", "", "");
        $vm->flush;
        print while <$vm>;
        """;
    return sh("perl - %d <<'PERL'\n%s\nPERL".formatted(pid, script));
  }

  /// All of Bulkhead's own that is on the node, one line each: processes, folders, cgroups, network
  /// interfaces and filters, images aside.
  SortedSet<String> tracesOfBulkhead() {
    var script =
        """
        set +e +o pipefail # what is not there has no lines
        for p in /proc/[0-9]*; do
          exe=$(readlink $p/exe)
          case ${exe##*/} in java|libvirtd|keeper|qemu-system-*) echo "process $exe";; esac
        done
        find /run/bulkhead /var/lib/bulkhead /run/cdi/bulkhead.dev-* /var/lib/kubelet/plugins/bulkhead.dev \\
            /var/lib/kubelet/plugins_registry/bulkhead.dev-reg.sock 2>/dev/null | sed 's/^/file /'
        find /sys/fs/cgroup -type d -name '*bulkhead*' | sed 's/^/cgroup /'
        ip -o link | grep -o ' vm-[0-9a-f]*' | sed 's/^/link/'
        nft list tables 2>/dev/null | grep bulkhead || true
        """;
    return new TreeSet<>(sh(script).lines().map(String::strip).toList());
  }

  /// What the guest has said on its serial console so far.
  String console(Lab lab, String vm) {
    return sh("cat " + consoleFile(lab, vm) + " 2>/dev/null || true");
  }

  private static String consoleFile(Lab lab, String vm) {
    return "/run/bulkhead/guests/" + podUid(lab, vm) + "/console.log";
  }

  /// Follows the console into a file on the node that outlives the guest's own log.
  Console followConsole(Lab lab, String vm) {
    var copy = "/tmp/console-" + lab.namespace() + "-" + vm;
    var file = consoleFile(lab, vm);
    var pid =
        sh("setsid sh -c 'exec tail -n +1 -f "
                + file
                + " >"
                + copy
                + " 2>/dev/null' </dev/null >/dev/null 2>&1 & echo $!")
            .strip();
    return new Console(this, copy, Long.parseLong(pid));
  }

  record Console(Host host, String copy, long pid) implements AutoCloseable {
    String text() {
      return host.sh("cat " + copy);
    }

    @Override
    public void close() {
      host.sh("kill " + pid + " 2>/dev/null; rm -f " + copy);
    }
  }

  /// The token that kubelet gave the agent, read from the agent's own file system.
  String agentToken() {
    return sh("cat /proc/" + agentPid() + "/root/run/secrets/kubernetes.io/serviceaccount/token")
        .strip();
  }

  /// kubelet's folder for that volume of the VM's pod, an emptyDir.
  String volume(Lab lab, String vm, String volume) {
    return "/var/lib/kubelet/pods/%s/volumes/kubernetes.io~empty-dir/%s"
        .formatted(podUid(lab, vm), volume);
  }

  /// No room on the file system of the node's state, which is in memory, until this is closed.
  AutoCloseable fillState() {
    sh(
        """
        mount -o remount,size=$(($(df -k --output=used /run | tail -1) + 256))k /run
        dd if=/dev/zero of=/run/filled bs=4k 2>/dev/null || true
        """);
    return () -> sh("mount -o remount,size=50% /run && rm /run/filled");
  }

  /// Leaves the VM's pod this much memory beyond what it uses now, in bytes.
  void limitMemory(Lab lab, String vm, long beyondUse) {
    sh(
        """
        pod=$(find /sys/fs/cgroup -type d -name '*pod%s*' -path '*/memory/*' -o -type d -name '*pod%s.slice' | head -n 1)
        if [ -e $pod/memory.max ]; then
          echo $(($(cat $pod/memory.current) + %3$d)) >$pod/memory.max
        else
          echo $(($(cat $pod/memory.usage_in_bytes) + %3$d)) >$pod/memory.limit_in_bytes
        fi
        """
            .formatted(podUid(lab, vm), podUid(lab, vm).replace('-', '_'), beyondUse));
  }

  private static String podUid(Lab lab, String vm) {
    var pod = lab.client().pods().inNamespace(lab.namespace()).withName(vm).get();
    return pod.getMetadata().getUid();
  }

  void tagImage(String image, String tag) {
    sh("ctr -n k8s.io images tag " + image + " " + tag);
  }

  void removeImage(String image) {
    sh("ctr -n k8s.io images rm " + image);
  }
}
