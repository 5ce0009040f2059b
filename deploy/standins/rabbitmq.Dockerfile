# RabbitMQ from Debian, laid out as the image `rabbitmq:4-management` is where Trueup relies on it: user, data folder,
# RABBITMQ_DEFAULT_USER and _PASS, /etc/rabbitmq/conf.d, enabled_plugins, logs on the console.
ARG BASE
FROM ${BASE}
# 101: a package may not start its service.
RUN printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d \
    && apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends rabbitmq-server \
    && rm -rf /var/lib/apt/lists/* /var/lib/rabbitmq/.erlang.cookie /var/lib/rabbitmq/mnesia \
    && mkdir -p /etc/rabbitmq/conf.d \
    && echo '[rabbitmq_management,rabbitmq_prometheus].' >/etc/rabbitmq/enabled_plugins \
    && chown -R rabbitmq:rabbitmq /etc/rabbitmq /var/lib/rabbitmq /var/log/rabbitmq
ENV HOME=/var/lib/rabbitmq RABBITMQ_LOGS=- RUNNING_UNDER_SYSTEMD=1
# Debian's commands in /usr/sbin switch the user by `su`, which drops the environment; these do not.
ENV PATH=/usr/lib/rabbitmq/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
USER rabbitmq
VOLUME /var/lib/rabbitmq
EXPOSE 5672 15672 15692
CMD ["rabbitmq-server"]
