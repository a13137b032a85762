# Every recipe runs in the environment of scripts/env.sh: JDK 25, Go, the bed's kubectl and helm.
SHELL := /bin/bash
export BASH_ENV := $(CURDIR)/scripts/env.sh
MVN := mvn -B -ntp -Dstyle.color=never

.DEFAULT_GOAL := help
.PHONY: help demo demo-down test test-unit mutate deps tools images bed bed-down chart e2e e2e-passthrough faults nodes walls soak leaks bench fmt clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## from nothing to a virtual machine that answers: installs, builds, starts a cluster, applies examples/hello.yaml
	@scripts/demo.sh

demo-down: bed-down ## removes the demo's cluster; what was built stays in the cache

test: ## everything: unit, API server and full cluster tests, from a clean clone
	@scripts/test.sh

test-unit: ## the tests that need no cluster (they do need `make tools`, once)
	@$(MVN) -pl crds,operator,kubelet-api,node-agent verify

mutate: ## mutation tests: at least 80 % of the mutants of all decisions must be noticed; reports in */target/pit-reports
	@$(MVN) -q -Pmutate -pl crds,operator,kubelet-api,node-agent test-compile org.pitest:pitest-maven:mutationCoverage

deps: ## installs what is missing on this machine, and says what and why
	@scripts/install-deps.sh

tools: ## builds Kubernetes, etcd, containerd, runc, CNI, CoreDNS and helm from source, if their versions changed
	@e2e/bed/build-tools.sh

# The applications that the images are made of; each is built again when a source of its own or of crds/ is newer.
sources = pom.xml $(shell find crds $(1) -name target -prune -o -type f -print)
target/operator: $(call sources,operator)
target/node-agent: $(call sources,node-agent kubelet-api)
target/operator target/node-agent:
	@$(MVN) -pl $(@F) -am package -Dmaven.test.skip=true
	@mkdir -p target && touch $@

images: target/operator target/node-agent ## builds the product's and the test guests' images, if their sources changed
	@images/build.sh

bed: tools ## starts a cluster in containers (or takes the one that runs) and imports all images into it
	@e2e/bed/build-node-image.sh
	@[ "$$BULKHEAD_BED" != passthrough ] || e2e/bed/machine/build.sh
	@images/build.sh pause
	@scripts/bed.sh up

bed-down: ## removes that cluster and all that belongs to it
	@scripts/bed.sh down

chart: bed ## installs or upgrades the Helm chart on the bed, with the images as they are now
	@scripts/install-chart.sh

e2e: $(if $(E2E_KUBECONFIG),,images chart) ## runs cluster tests: make e2e TEST=SomeE2E#someBehaviour; on the bed, or the cluster of E2E_KUBECONFIG
	@$(MVN) -pl crds,e2e verify -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false $(if $(TEST),-Dit.test='$(TEST)')

# The other bed. Any target acts on it like this: make bed-down BULKHEAD_BED=passthrough
e2e-passthrough: export BULKHEAD_BED = passthrough
e2e-passthrough: tests = Passthrough*E2E,NodeClockE2E
e2e-passthrough: images chart ## tests of devices behind an emulated IOMMU, and of a node's own clock, on a second bed, which it leaves running
	@$(MVN) -pl crds,e2e verify -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false -Dit.test='$(or $(TEST),$(tests))'

faults: images chart ## every fault, alone and in pairs, at every moment: more than an hour; make faults SEED=7 draws other moments
	@$(MVN) -pl crds,e2e verify -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false -Dit.test=FaultsE2E -Dfaults=all $(if $(SEED),-Dseed=$(SEED))

nodes: images chart ## every way to lose or empty a node, reboots and three minutes of a cut network included: 20 min
	@$(MVN) -pl crds,e2e verify -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false -Dit.test=NodeLossE2E,DrainE2E -Dnodes=all

walls: images chart ## each capability taken from a whole node, and a guest that does its worst to its neighbour: 20 minutes
	@$(MVN) -pl crds,e2e verify -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false -Dit.test='CapabilitiesE2E,NeighbourE2E' -Dwalls=all

soak: images chart ## random faults for a while: make soak MINUTES=30 SEED=7
	@$(MVN) -pl crds,e2e verify -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false -Dit.test=SoakE2E $(if $(MINUTES),-Dminutes=$(MINUTES)) $(if $(SEED),-Dseed=$(SEED))

leaks: images bed chart ## 100 guests that come and go, and what grows with them; make leaks GUESTS=500
	@$(MVN) -pl crds,e2e verify -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false -Dit.test=LeaksE2E -Dguests=$(or $(GUESTS),100)

bench: images bed chart ## measures what Bulkhead costs: one table, and target/bench.json; make bench ONLY=start ROUNDS=50, ONLY=burst VMS=10000
	@$(MVN) -pl crds,e2e verify -Dtest=none -Dsurefire.failIfNoSpecifiedTests=false -Dit.test=BenchE2E $(if $(ONLY),-Donly=$(ONLY)) $(if $(ROUNDS),-Drounds=$(ROUNDS)) $(if $(VMS),-Dvms=$(VMS))

fmt: ## formats all Java
	@$(MVN) -q spotless:apply

clean: ## removes build results of the checkout; the cache stays
	@$(MVN) -q clean
