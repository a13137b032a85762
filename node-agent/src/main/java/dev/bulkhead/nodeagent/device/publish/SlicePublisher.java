package dev.bulkhead.nodeagent.device.publish;

import static java.util.stream.Collectors.toMap;

import dev.bulkhead.crds.Contract;
import dev.bulkhead.nodeagent.device.offer.Offered;
import io.fabric8.kubernetes.api.model.KubernetesResourceList;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSliceBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSliceSpec;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.FilterWatchListDeletable;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.jboss.logging.Logger;

/// Keeps a node's ResourceSlices as they should be, also when somebody else changes them: kubelet
/// removes them all when it has not seen the driver for a while.
public final class SlicePublisher implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(SlicePublisher.class);

  private static final PatchContext APPLY =
      new PatchContext.Builder()
          .withPatchType(PatchType.SERVER_SIDE_APPLY)
          .withFieldManager(Contract.AGENT_FIELD_MANAGER)
          .withForce(true)
          .build();

  private final KubernetesClient client;
  private final String node;
  private final SharedIndexInformer<ResourceSlice> slices;

  public SlicePublisher(KubernetesClient client, String node) {
    this.client = client;
    this.node = node;
    this.slices =
        ofThisNode()
            .runnableInformer(0)
            .exceptionHandler(
                (_, e) -> {
                  LOG.warnf("watching ResourceSlices: %s; trying again", e.getMessage());
                  return true;
                });
  }

  private FilterWatchListDeletable<
          ResourceSlice, KubernetesResourceList<ResourceSlice>, Resource<ResourceSlice>>
      ofThisNode() {
    return client
        .resources(ResourceSlice.class)
        .withFields(Map.of("spec.nodeName", node, "spec.driver", Contract.DEVICE_DRIVER));
  }

  /// Watches from now on, through all failures.
  ///
  /// @param onChange runs when the slices may not be as they should
  public void start(Runnable onChange) {
    slices.addEventHandler(new Handler(onChange));
    slices.start().thenRun(onChange);
  }

  /// Writes only what is new: nothing where all is as it should be. A scheduler takes a pool's new
  /// state once it has seen all slices of the new generation.
  public void publish(Offered offered) {
    if (isAsItShouldBe(slices.getStore().list(), offered)) {
      return;
    }
    // The informer has only a part of what was written a moment ago.
    var now = ofThisNode().list().getItems();
    if (isAsItShouldBe(now, offered)) {
      return;
    }
    var wanted = ResourceSlices.of(node, owner(), offered, generation(now) + 1);
    var former = new HashSet<>(now.stream().map(slice -> slice.getMetadata().getName()).toList());
    for (var slice : wanted) {
      client.resource(slice).patch(APPLY);
      former.remove(slice.getMetadata().getName());
    }
    former.forEach(name -> client.resources(ResourceSlice.class).withName(name).delete());
  }

  private static long generation(List<ResourceSlice> slices) {
    return slices.stream()
        .mapToLong(slice -> slice.getSpec().getPool().getGeneration())
        .max()
        .orElse(0);
  }

  private boolean isAsItShouldBe(List<ResourceSlice> now, Offered offered) {
    var wanted = ResourceSlices.of(node, null, offered, generation(now));
    return specs(now).equals(specs(wanted));
  }

  private static Map<String, ResourceSliceSpec> specs(List<ResourceSlice> slices) {
    return slices.stream()
        .collect(
            toMap(slice -> slice.getMetadata().getName(), slice -> withoutTimes(slice).getSpec()));
  }

  /// The API server adds the time to each taint.
  private static ResourceSlice withoutTimes(ResourceSlice slice) {
    var copy = new ResourceSliceBuilder(slice).build();
    copy.getSpec()
        .getDevices()
        .forEach(device -> device.getTaints().forEach(taint -> taint.setTimeAdded(null)));
    return copy;
  }

  private OwnerReference owner() {
    var owner = client.nodes().withName(node).require();
    return new OwnerReferenceBuilder()
        .withApiVersion("v1")
        .withKind("Node")
        .withName(node)
        .withUid(owner.getMetadata().getUid())
        .withController(true)
        .build();
  }

  @Override
  public void close() {
    slices.close();
  }

  private record Handler(Runnable onChange) implements ResourceEventHandler<ResourceSlice> {
    @Override
    public void onAdd(ResourceSlice slice) {
      onChange.run();
    }

    @Override
    public void onUpdate(ResourceSlice old, ResourceSlice slice) {
      onChange.run();
    }

    @Override
    public void onDelete(ResourceSlice slice, boolean finalStateUnknown) {
      onChange.run();
    }
  }
}
