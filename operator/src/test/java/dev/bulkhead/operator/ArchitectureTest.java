package dev.bulkhead.operator;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;

@AnalyzeClasses(
    packages = "dev.bulkhead.operator",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  private static final String CLIENT = "io.fabric8.kubernetes.client..";
  private static final String OPERATOR_SDK = "io.javaoperatorsdk..";

  /// Everything is pure but those that read, act, report and wire.
  @ArchTest
  static final ArchRule decisionsTalkToNobody =
      noClasses()
          .that()
          .resideInAPackage("..virtualmachine..")
          .and()
          .haveSimpleNameNotEndingWith("Observer")
          .and()
          .haveSimpleNameNotEndingWith("Applier")
          .and()
          .haveSimpleNameNotEndingWith("Writer")
          .and()
          .haveSimpleNameNotEndingWith("Reconciler")
          .and()
          .doNotHaveSimpleName("VmPods")
          .and()
          .doNotHaveSimpleName("VmEvents")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(CLIENT, OPERATOR_SDK);

  @ArchTest
  static final ArchRule decisionsReadNoClock =
      noClasses()
          .that()
          .resideInAPackage("..virtualmachine..")
          .should()
          .callMethod(java.time.Instant.class, "now")
          .orShould()
          .callMethod(System.class, "currentTimeMillis");

  @ArchTest
  static final ArchRule theNodeAgentIsAnotherWorld =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.bulkhead.nodeagent..", "org.libvirt..");

  @ArchTest
  static final ArchRule onlyTheReconcilerAndItsSettingsAreSeenOutside =
      classes()
          .that()
          .resideInAPackage("..virtualmachine..")
          .and()
          .arePublic()
          .and()
          .areTopLevelClasses()
          .should()
          .haveSimpleName("VirtualMachineReconciler")
          .orShould()
          .haveSimpleName("LaunchSettings");

  @ArchTest
  static final ArchRule packagesFormNoCycle =
      SlicesRuleDefinition.slices()
          .matching("dev.bulkhead.operator.(*)..")
          .should()
          .beFreeOfCycles();
}
