package dev.bulkhead.nodeagent.guest;

import dev.bulkhead.nodeagent.hypervisor.Hypervisor;
import dev.bulkhead.nodeagent.keeper.Keepers;
import dev.bulkhead.nodeagent.mount.LibvirtMounts;
import dev.bulkhead.nodeagent.network.PodNetworks;
import java.time.InstantSource;

/// The outside worlds that a guest is made of on its node.
record Ports(
    Hypervisor hypervisor,
    Keepers keepers,
    LibvirtMounts mounts,
    PodNetworks networks,
    GuestDevices devices,
    GuestFiles files,
    InstantSource clock) {}
