/// The bed: a real Kubernetes cluster in containers, one definition for people (`make bed`,
/// `make demo`) and tests. `Bed` is the whole of it to a caller, `Node` one machine of it,
/// `Evidence` what a failure leaves behind. `BedDefinition` says what the bed is; `Docker`
/// alone talks to the daemon.
package dev.bulkhead.e2e.bed;
