package dev.bulkhead.operator.virtualmachine;

import dev.bulkhead.crds.VirtualMachine;
import dev.bulkhead.operator.leadership.Leadership;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.Cache;
import io.javaoperatorsdk.operator.processing.event.source.inbound.SimpleInboundEventSource;

/// An event for every VM each time this replica becomes the leader: what was left to another is its
/// own then. Before its start there is no cache to look into, and all that comes into it then is an
/// event itself.
final class LeadershipObserver extends SimpleInboundEventSource<VirtualMachine> {
  private final Leadership leadership;
  private final Cache<VirtualMachine> vms;

  LeadershipObserver(Leadership leadership, Cache<VirtualMachine> vms) {
    super("leadership");
    this.leadership = leadership;
    this.vms = vms;
  }

  @Override
  public void start() {
    super.start();
    leadership.whenGained(
        () -> vms.list().forEach(vm -> propagateEvent(ResourceID.fromResource(vm))));
  }
}
