package dev.bulkhead.e2e;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.ExtendWith;

/// A test of a cluster of which one node is a machine of its own: with an IOMMU, devices to give
/// away, and a clock.
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@EnabledIfEnvironmentVariable(
    named = "BULKHEAD_BED",
    matches = "passthrough",
    disabledReason = "needs a node that is a machine of its own: make e2e-passthrough")
@ExtendWith(OnCluster.class)
@interface OnPassthroughBed {}
