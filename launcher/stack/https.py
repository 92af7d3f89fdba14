"""The table `[https]` of a stack file: named hosts with certificates in front of backend and storefront."""

from launcher.stack.kinds import Flag, Model


class HttpsSpec(Model):
    """`[https]`: off unless asked for."""

    enabled: Flag = False
