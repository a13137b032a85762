package dev.bulkhead.e2e;

import java.util.List;

/// The manifests that tests apply, as users would write them.
public final class Manifests {
  static final String TINY_KERNEL = "localhost/bulkhead/guest-tiny:0.1.0";
  static final String DISK_IMAGE = "localhost/bulkhead/guest-disk:0.1.0";
  static final String BROKEN_IMAGE = "localhost/bulkhead/guest-broken:0.1.0";
  public static final String BUSYBOX = "localhost/bulkhead/busybox:0.1.0";
  static final String KEEPER = "localhost/bulkhead/keeper:0.1.0";

  /// The tiny guest: Debian's cloud kernel and busybox, booted directly. Serves HTTP on port 80.
  ///
  /// @param spec further lines of the spec, each at its own indentation of two
  public static String tinyGuest(String name, String... spec) {
    return virtualMachine(
        name,
        """
          cpu: {cores: 1}
          memory: {size: 96Mi}
        """
            + kernel("/boot/vmlinuz")
            + lines(spec));
  }

  /// A guest with the drivers of what the passthrough bed has.
  public static String hardwareGuest(String name, String... spec) {
    return virtualMachine(
        name,
        """
          cpu: {cores: 1}
          memory: {size: 192Mi}
          kernel:
            image: localhost/bulkhead/guest-hardware:0.1.0
            initrdPath: /boot/initrd.img
            args: console=ttyS0 quiet panic=-1
        """
            + lines(spec));
  }

  public static String kernel(String path) {
    return """
      kernel:
        image: %s
        path: %s
        initrdPath: /boot/initrd.img
        args: console=ttyS0 quiet panic=-1
    """
        .formatted(TINY_KERNEL, path);
  }

  /// A VM of whatever spec.
  ///
  /// @param spec the lines of the spec, indented by two
  public static String virtualMachine(String name, String spec) {
    return """
    apiVersion: bulkhead.dev/v1alpha1
    kind: VirtualMachine
    metadata:
      name: %s
      labels: {app: %s}
    spec:
    """
            .formatted(name, name)
        + spec;
  }

  public static String onNode(String node) {
    return "  nodeSelector: {kubernetes.io/hostname: %s}".formatted(node);
  }

  /// Elsewhere if it must be.
  static String preferably(String node) {
    return ("  affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 100,"
            + " preference: {matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [%s]}]}}]}}")
        .formatted(node);
  }

  static String service(String name) {
    return """
    apiVersion: v1
    kind: Service
    metadata: {name: %s}
    spec:
      selector: {app: %s}
      ports: [{port: 80}]
    """
        .formatted(name, name);
  }

  /// A container that sleeps (to be exec'd into) and serves its own name on port 80.
  public static String container(String name, String node) {
    return """
    apiVersion: v1
    kind: Pod
    metadata:
      name: %1$s
      labels: {app: %1$s}
    spec:
      nodeName: %2$s
      terminationGracePeriodSeconds: 0
      containers:
      - name: c
        image: %3$s
        command: [/bin/sh, -c, "mkdir -p /tmp/w; echo container %1$s > /tmp/w/index.html; exec httpd -f -p 80 -h /tmp/w"]
    """
        .formatted(name, node, BUSYBOX);
  }

  /// A pod of what a VM's pod runs, the keeper, and nothing else.
  public static String keeperPod(String name, String node) {
    return """
    apiVersion: v1
    kind: Pod
    metadata: {name: %s}
    spec:
      nodeSelector: {kubernetes.io/hostname: %s}
      terminationGracePeriodSeconds: 0
      containers:
      - {name: keeper, image: "%s"}
    """
        .formatted(name, node, KEEPER);
  }

  static String documents(String... documents) {
    return String.join("---\n", documents);
  }

  private static String lines(String... spec) {
    return spec.length == 0 ? "" : String.join("\n", List.of(spec)) + "\n";
  }

  private Manifests() {}
}
