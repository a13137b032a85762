package dev.bulkhead.e2e;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.resource.v1.Device;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
import java.util.List;

/// What tests of devices share: claims and the pods that have them, and what nodes offer.
public final class Devices {
  /// In a shell on a node: has the kernel announce a device, whichever, as if it had changed. A
  /// worker in a container finds its /sys read-only.
  public static final String KERNEL_EVENT =
      """
      mount -o remount,rw /sys
      for device in /sys/class/block/*/uevent; do echo change >$device && break; done
      mount -o remount,ro /sys
      """;

  public static List<ResourceSlice> slices(Lab lab) {
    return lab.client().resources(ResourceSlice.class).list().getItems();
  }

  /// What a node offers, all its slices together.
  static List<Device> of(Lab lab, String node) {
    return slices(lab).stream()
        .filter(slice -> slice.getSpec().getNodeName().equals(node))
        .flatMap(slice -> slice.getSpec().getDevices().stream())
        .toList();
  }

  static String attribute(Device device, String name) {
    return device.getAttributes().get(name).getString();
  }

  /// UIDs of claims, over all nodes.
  static List<String> prepared(Hosts hosts) {
    return hosts
        .workers()
        .flatMap(
            host ->
                host.sh(
                        "(ls /run/cdi 2>/dev/null || true) | sed -n 's/^bulkhead.dev-\\(.*\\).json$/\\1/p'")
                    .lines())
        .toList();
  }

  static Pod awaitRunning(Lab lab, String pod) {
    return Lab.await("pod " + pod + " to run")
        .until(
            () -> lab.client().pods().inNamespace(lab.namespace()).withName(pod).get(),
            now -> now != null && "Running".equals(now.getStatus().getPhase()));
  }

  static ResourceClaim get(Lab lab, String claim) {
    return lab.client()
        .resources(ResourceClaim.class)
        .inNamespace(lab.namespace())
        .withName(claim)
        .get();
  }

  /// Removes the VMs, pods and claims of a test.
  public static void clear(Lab lab) {
    lab.clear();
    lab.kubectl()
        .run("delete", "pod", "-l", "test=devices", "--wait=true", "--force", "--grace-period=0")
        .succeeded();
    lab.kubectl().run("delete", "resourceclaim", "--all", "--wait=true").succeeded();
  }

  public static String claim(String name, String deviceClass, int count) {
    return claim(name, deviceClass, count, "true");
  }

  public static String claim(String name, String deviceClass, int count, String cel) {
    return """
    apiVersion: resource.k8s.io/v1
    kind: ResourceClaim
    metadata: {name: %s}
    spec:
      devices:
        requests:
        - name: device
          exactly: {deviceClassName: %s, count: %d, selectors: [{cel: {expression: "%s"}}]}
    """
        .formatted(name, deviceClass, count, cel);
  }

  /// @param settings of the driver, as in a YAML mapping: `vlan: 7`
  static String claimWith(String name, String deviceClass, String settings) {
    return claim(name, deviceClass, 1)
        + """
            config:
            - opaque:
                driver: bulkhead.dev
                parameters: {apiVersion: bulkhead.dev/v1alpha1, kind: DeviceSettings, %s}
        """
            .formatted(settings);
  }

  static String template(String name, String deviceClass) {
    return template(name, deviceClass, "true");
  }

  public static String template(String name, String deviceClass, String cel) {
    return """
    apiVersion: resource.k8s.io/v1
    kind: ResourceClaimTemplate
    metadata: {name: %s}
    spec: {spec: {devices: {requests: [{name: device, exactly: {deviceClassName: %s, selectors: [{cel: {expression: "%s"}}]}}]}}}
    """
        .formatted(name, deviceClass, cel);
  }

  static String pod(String name, String claim) {
    return podWith(name, "image: " + Manifests.KEEPER, "resourceClaimName: " + claim);
  }

  /// One whose container can be looked around in.
  static String shellPod(String name, String claim) {
    var container = "image: %s, command: [sleep, 1d]".formatted(Manifests.BUSYBOX);
    return podWith(name, container, "resourceClaimName: " + claim);
  }

  static String podOfTemplate(String name, String template) {
    return podWith(name, "image: " + Manifests.KEEPER, "resourceClaimTemplateName: " + template);
  }

  private static String podWith(String name, String container, String source) {
    return """
    apiVersion: v1
    kind: Pod
    metadata: {name: %s, labels: {test: devices}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - {name: user, %s, resources: {claims: [{name: device}]}}
      resourceClaims: [{name: device, %s}]
    """
        .formatted(name, container, source);
  }

  /// Of a claim: the device with that function, alone or first of its group.
  public static String at(String function) {
    return "device.attributes['resource.kubernetes.io'].pciBusID == '%s'".formatted(function);
  }

  /// Empty for none.
  static String driver(Host host, String function) {
    var link = "/sys/bus/pci/devices/" + function + "/driver";
    return host.sh("(readlink %s || true) | sed 's|.*/||'".formatted(link)).strip();
  }

  public static void awaitDriver(Host host, String function, String driver) {
    Lab.await(function + " on driver " + driver)
        .until(() -> driver(host, function), driver::equals);
  }

  /// Where the node itself finds an NVMe disk.
  public static String disk(String function) {
    return "/dev/$(ls /sys/bus/pci/devices/%s/nvme)n1".formatted(function);
  }

  private Devices() {}
}
