"""What handlers work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.preview.api.http.auth import SessionTokens
from services.preview.api.http.hub import EventHub
from services.preview.api.http.key_rates import KeyRates
from services.preview.api.http.limits import Limits
from services.preview.api.http.server_keys import KeyCallers
from services.preview.api.http.sign_ins import SignIns
from services.preview.computing.requests import PreviewRequests
from shared.mongodb.catalogue.app_records import RecordStore
from shared.mongodb.catalogue.boms import BomStore
from shared.mongodb.catalogue.facets import BomFacets
from shared.mongodb.catalogue.page_imports import PageImports
from shared.mongodb.connection import Mongo
from shared.mongodb.drift.drift import DriftStore
from shared.mongodb.drift.history import DriftHistory
from shared.mongodb.drift.sweeps import SweepStore
from shared.mongodb.jobs.cells.cells import CellStore
from shared.mongodb.jobs.jobs import JobStore
from shared.mongodb.jobs.notes import JobNotes
from shared.mongodb.jobs.totals.bom_progress import JobBoms
from shared.mongodb.lists.listings import Listings
from shared.mongodb.notices.deliveries import DeliveryStore
from shared.mongodb.notices.mail import MailStore
from shared.mongodb.notices.notices import NoticeStore
from shared.mongodb.notices.targets import TargetStore
from shared.mongodb.previews.changes import PreviewChanges
from shared.mongodb.previews.previews import PreviewStore
from shared.mongodb.requests.keyed_requests import KeyedRequests
from shared.mongodb.schedules.runs import ScheduleRuns
from shared.mongodb.schedules.schedules import ScheduleStore
from shared.mongodb.server_keys.request_shares import RequestShares
from shared.mongodb.server_keys.server_keys import ServerKeys
from shared.mongodb.shops.audit import AuditLog
from shared.mongodb.shops.first_steps import FirstStepStore
from shared.mongodb.shops.shop_settings import ShopSettings
from shared.mongodb.shops.shops import ShopStore
from shared.mongodb.stock.known_drift import KnownDrift
from shared.mongodb.stock.stock import StockStore
from shared.mongodb.story.cell_story import CellStory
from shared.mongodb.story.runs_of_boms import RunsOfBoms
from shared.rabbitmq.publishing.publisher import Publisher
from shared.running.shop_locks import ShopLocks
from shared.settings import ApiSettings
from shared.shop_life.installation import Installation
from shared.shop_life.time_zones import TimeZones
from shared.shop_life.wiring import ShopLife
from shared.shopify.calls.budget import Budget
from shared.shopify.calls.client import ShopifyClient


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Stores, the publisher and the event hub of one service."""

    tokens: SessionTokens
    key_callers: KeyCallers
    server_keys: ServerKeys
    limits: Limits
    keyed: KeyedRequests
    requests: PreviewRequests
    imports: PageImports
    wake_imports: Callable[[], None]
    locks: ShopLocks
    max_open_jobs: int
    publisher: Publisher
    hub: EventHub
    shops: ShopStore
    shop_settings: ShopSettings
    first_steps: FirstStepStore
    shopify: ShopifyClient
    installation: Installation
    boms: BomStore
    previews: PreviewStore
    jobs: JobStore
    job_notes: JobNotes
    cells: CellStore
    stock: StockStore
    story: CellStory
    runs_of_boms: RunsOfBoms
    records: RecordStore
    listings: Listings
    known: KnownDrift
    facets: BomFacets
    job_boms: JobBoms
    drift: DriftStore
    history: DriftHistory
    sweeps: SweepStore
    schedules: ScheduleStore
    schedule_runs: ScheduleRuns
    notices: NoticeStore
    targets: TargetStore
    deliveries: DeliveryStore
    mail: MailStore
    zones: TimeZones
    private_targets: bool
    audit: AuditLog
    sign_ins: SignIns
    target_ports: frozenset[int]
    changes: PreviewChanges
    budget: Callable[[str], Budget]

    @classmethod
    def of(
        cls,
        settings: ApiSettings,
        mongo: Mongo,
        publisher: Publisher,
        *,
        hub: EventHub,
        life: ShopLife,
        requests: PreviewRequests,
        wake_imports: Callable[[], None],
    ) -> Dependencies:
        """Join them over one database."""
        audit = AuditLog(mongo.db)
        keys = settings.fernet_keys
        server_keys = ServerKeys(mongo.db)
        return cls(
            tokens=SessionTokens(settings.shopify_client_id, settings.client_secrets),
            key_callers=KeyCallers(server_keys),
            server_keys=server_keys,
            limits=Limits(settings, KeyRates(RequestShares(mongo.db), settings)),
            keyed=KeyedRequests(mongo.db, keys),
            requests=requests,
            imports=PageImports(mongo.db),
            wake_imports=wake_imports,
            locks=ShopLocks(),
            max_open_jobs=settings.open_jobs_per_shop,
            publisher=publisher,
            hub=hub,
            shops=life.shops,
            shop_settings=ShopSettings(mongo.db),
            first_steps=FirstStepStore(mongo.db),
            shopify=life.client.as_role("interactive"),
            installation=life.installation,
            boms=BomStore(mongo.db, mongo.transactions),
            previews=PreviewStore(mongo.db, mongo.transactions),
            jobs=JobStore(mongo.db, mongo.transactions),
            job_notes=JobNotes(mongo.db),
            cells=CellStore(mongo.db),
            stock=StockStore(mongo.db),
            story=CellStory(mongo.db),
            runs_of_boms=RunsOfBoms(mongo.db),
            records=RecordStore(mongo.db, mongo.transactions, settings.boms_per_shop),
            listings=Listings(mongo.db),
            known=KnownDrift(mongo.db),
            facets=BomFacets(mongo.db),
            job_boms=JobBoms(mongo.db),
            drift=DriftStore(mongo.db),
            history=DriftHistory(mongo.db),
            sweeps=SweepStore(mongo.db),
            schedules=ScheduleStore(mongo.db, keys),
            schedule_runs=ScheduleRuns(mongo.db),
            notices=NoticeStore(mongo.db),
            targets=TargetStore(mongo.db, keys),
            deliveries=DeliveryStore(mongo.db),
            mail=MailStore(mongo.db),
            zones=TimeZones(life.shops, life.client.as_role("interactive")),
            private_targets=settings.private_targets,
            audit=audit,
            sign_ins=SignIns(audit),
            target_ports=frozenset(settings.target_ports),
            changes=PreviewChanges(mongo.db),
            budget=life.client.budget,
        )
