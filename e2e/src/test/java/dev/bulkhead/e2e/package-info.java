/// What users are promised, shown on a real cluster with real guests. One class per promise; each
/// test is named for the behaviour that breaks when it goes red. `Lab` is the cluster as the tests
/// see it, `Guest` a running guest seen from outside.
package dev.bulkhead.e2e;
