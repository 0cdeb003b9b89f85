# The StatefulSet of the component sqlite in, a Pod `smsp-restore` out: its image, user, environment and volumes, and a shell in
# place of the node. docs/how-to/kubernetes.md, "Restore a SQLite store", tells how to use it.
#
# The image has no shell, so busybox is put beside it; any image with a static /bin/busybox will do. It has no labels: the
# Service must not find it. And no probes, because nothing listens in it.
.spec as $set
| {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {name: "smsp-restore"},
    spec: ($set.template.spec
      | (.containers[] | select(.name == "smsp")) as $node
      | {name: "tools", mountPath: "/tools"} as $tools
      | .initContainers = [{
          name: "tools",
          image: "busybox:1.36.1-musl",
          command: ["sh", "-c", "cp /bin/busybox /tools/ && /tools/busybox --install -s /tools"],
          volumeMounts: [$tools],
          securityContext: $node.securityContext
        }]
      | .containers = [
          $node
          | del(.livenessProbe, .readinessProbe, .startupProbe, .ports, .args)
          | .command = ["/tools/busybox", "sleep", "86400"]
          | .env += [{name: "PATH", value: "/tools:/"}]
          | .volumeMounts += [$tools]
        ]
      # The StatefulSet makes a claim of each template for its pod, which is called so.
      | .volumes += [
          {name: "tools", emptyDir: {}},
          ($set.volumeClaimTemplates[].metadata.name | {name: ., persistentVolumeClaim: {claimName: "\(.)-smsp-0"}})
        ]
      | .restartPolicy = "Never"
      | .terminationGracePeriodSeconds = 1)
  }
