"""The RabbitMQ adapter: topology as data, confirmed publishing, consuming, dead letters.

`topology` lists exchanges, queues and keys, `rights` who may use them. `publisher` returns once the broker has
confirmed; `consumer` hands out a `delivery` through a `frame`, which sees to it that each is answered for. aio-pika
stays in here.
"""
