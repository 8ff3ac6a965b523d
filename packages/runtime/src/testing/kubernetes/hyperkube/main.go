// Command hyperkube holds the parts of a Kubernetes cluster that the tests need in one program, so that one build from the
// Go module proxy gives them all. The first argument says which part to be: hyperkube kube-apiserver --flags...
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

var commands = map[string]func() *cobra.Command{
	"kube-apiserver":          apiserver.NewAPIServerCommand,
	"kube-controller-manager": controllermanager.NewControllerManagerCommand,
	"kube-proxy":              proxy.NewProxyCommand,
	"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
	"kubelet":                 func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) },
}

func main() {
	if len(os.Args) < 2 {
		fail("which component?")
	}
	// A component finds its own name where it would find it as a program of its own.
	os.Args = os.Args[1:]
	if os.Args[0] == "etcd" {
		etcdmain.Main(os.Args)
		return
	}
	newCommand, known := commands[os.Args[0]]
	if !known {
		fail("there is no " + os.Args[0] + " in here")
	}
	os.Exit(cli.Run(newCommand()))
}

func fail(reason string) {
	fmt.Fprintln(os.Stderr, "hyperkube: "+reason)
	os.Exit(2)
}
