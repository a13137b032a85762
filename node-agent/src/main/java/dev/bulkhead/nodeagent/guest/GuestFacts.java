package dev.bulkhead.nodeagent.guest;

import dev.bulkhead.nodeagent.hypervisor.GuestDomain;
import dev.bulkhead.nodeagent.hypervisor.Hypervisor.Ending;
import dev.bulkhead.nodeagent.keeper.Keeper;
import dev.bulkhead.nodeagent.pod.VmPod;
import java.time.Instant;
import java.util.Set;

/// All that is known of one guest at one moment, read from the pod, libvirt and the node's files:
/// the same after any restart.
///
/// @param pod null when it is gone
/// @param keeper null while it does not run
/// @param domain this pod's, null for none
/// @param space whether the file systems below its disks have some; asked only when that matters
/// @param nameTaken whether another pod's domain still has the name
/// @param bootedAt when the vCPUs first ran, null for never
/// @param lastEnding of a domain of that name
/// @param ranOutOfMemory whether the kernel killed a process of the pod for it
/// @param end what was decided to be this guest's end, null before
/// @param joinedPid the QEMU that this run of the agent has put into the pod, null for none; it may
///     be gone, and the domain another
/// @param wanted devices of the node that the guest should have; null if that cannot be told now
/// @param troubled devices that could not be given or taken in this look, by id
/// @param leftovers whether the node still keeps files of this guest
record GuestFacts(
    Instant now,
    VmPod pod,
    Keeper keeper,
    GuestDomain domain,
    boolean space,
    boolean nameTaken,
    Instant bootedAt,
    Ending lastEnding,
    boolean ranOutOfMemory,
    GuestEnd end,
    Integer joinedPid,
    GuestDevices.Wanted wanted,
    Set<String> troubled,
    boolean leftovers) {}
