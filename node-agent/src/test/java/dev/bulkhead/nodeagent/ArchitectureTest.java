package dev.bulkhead.nodeagent;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "dev.bulkhead.nodeagent",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule libvirtIsKnownInOnePlace =
      noClasses()
          .that()
          .resideOutsideOfPackage("..hypervisor.libvirt..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.libvirt..");

  @ArchTest
  static final ArchRule nativeCodeIsCalledInOnePlace =
      noClasses()
          .that()
          .resideOutsideOfPackage("..nodeagent.linux..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("com.sun.jna..");

  @ArchTest
  static final ArchRule theApiServerIsKnownInFewPlaces =
      noClasses()
          .that()
          .resideOutsideOfPackages(
              "..nodeagent", "..nodeagent.pod..", "..nodeagent.node..", "..nodeagent.device..")
          .should()
          .dependOnClassesThat()
          .haveSimpleName("KubernetesClient");

  @ArchTest
  static final ArchRule plannersTouchNothing =
      noClasses()
          .that()
          .haveSimpleNameEndingWith("Planner")
          .or()
          .haveSimpleNameEndingWith("Plan")
          .or()
          .haveSimpleNameEndingWith("Status")
          .or()
          .haveSimpleNameEndingWith("Responder")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.fabric8..", "..nodeagent.linux..", "java.nio.channels..")
          .orShould()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.nio.file.Files");

  @ArchTest
  static final ArchRule featuresHaveNoCycles =
      slices().matching("dev.bulkhead.nodeagent.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule theOperatorIsAnotherProgram =
      noClasses().should().dependOnClassesThat().resideInAPackage("dev.bulkhead.operator..");
}
