/// The API of Bulkhead, group `bulkhead.dev`: what users write (`VirtualMachineSpec`), what they
/// see (`VirtualMachineStatus`), and what operator and node agent say to each other through pods
/// (`Contract`, `GuestSpec`, `GuestReport`). Holds no behaviour beyond parsing and printing those.
package dev.bulkhead.crds;
