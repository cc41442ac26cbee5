"""Environments: what is in them is planned, linked, recorded, and can always be taken back."""

from __future__ import annotations

from hognose._lazy import attach

TYPE_CHECKING = False  # as in `typing`, which takes 5 ms to import

if TYPE_CHECKING:
    from hognose.install.byte_code import has_byte_code as has_byte_code
    from hognose.install.clobber import ClobberedPath as ClobberedPath
    from hognose.install.clobber_forecast import ClobberForecast as ClobberForecast
    from hognose.install.clobber_forecast import PathInTheWay as PathInTheWay
    from hognose.install.clobber_forecast import forecast_clobbers as forecast_clobbers
    from hognose.install.cloning import ClonedEnvironment as ClonedEnvironment
    from hognose.install.cloning import clone_environment as clone_environment
    from hognose.install.cloning import rename_environment as rename_environment
    from hognose.install.cloning import require_copyable as require_copyable
    from hognose.install.conda_record import channel_of_record as channel_of_record
    from hognose.install.doctor import Diagnosis as Diagnosis
    from hognose.install.doctor import Fault as Fault
    from hognose.install.doctor import diagnose as diagnose
    from hognose.install.doctor import discard_damaged_entries as discard_damaged_entries
    from hognose.install.doctor import repair as repair
    from hognose.install.environment_registry import environments_file as environments_file
    from hognose.install.environment_registry import register_environment as register_environment
    from hognose.install.environment_registry import (
        registered_environments as registered_environments,
    )
    from hognose.install.environment_registry import (
        unregister_environment as unregister_environment,
    )
    from hognose.install.execution_options import ExecutionOptions as ExecutionOptions
    from hognose.install.execution_options import ExecutionOutcome as ExecutionOutcome
    from hognose.install.foreign_losses import ForeignLosses as ForeignLosses
    from hognose.install.foreign_losses import find_foreign_losses as find_foreign_losses
    from hognose.install.foreign_packages import ForeignPackage as ForeignPackage
    from hognose.install.foreign_packages import TakenFiles as TakenFiles
    from hognose.install.foreign_packages import find_foreign_packages as find_foreign_packages
    from hognose.install.frozen import freeze as freeze
    from hognose.install.frozen import frozen_message as frozen_message
    from hognose.install.frozen import require_not_frozen as require_not_frozen
    from hognose.install.frozen import thaw as thaw
    from hognose.install.history import HistoryBlock as HistoryBlock
    from hognose.install.history import Revision as Revision
    from hognose.install.history import format_command as format_command
    from hognose.install.history import iter_revisions as iter_revisions
    from hognose.install.history import parse_history as parse_history
    from hognose.install.history import read_history as read_history
    from hognose.install.history import unreadable_lines as unreadable_lines
    from hognose.install.install_settings import install_settings as install_settings
    from hognose.install.installation import InstallationResult as InstallationResult
    from hognose.install.installation import execute_transaction as execute_transaction
    from hognose.install.installation import install as install
    from hognose.install.installation import recover as recover
    from hognose.install.installed_record import recorded_specs as recorded_specs
    from hognose.install.journal import RecoveredTransaction as RecoveredTransaction
    from hognose.install.link_method import LinkOptions as LinkOptions
    from hognose.install.link_scripts import LinkScript as LinkScript
    from hognose.install.link_scripts import LinkScriptOutcome as LinkScriptOutcome
    from hognose.install.link_scripts import find_link_scripts as find_link_scripts
    from hognose.install.lost_records import LostRecord as LostRecord
    from hognose.install.lost_records import begin_history as begin_history
    from hognose.install.lost_records import find_lost_records as find_lost_records
    from hognose.install.lost_records import lost_specs as lost_specs
    from hognose.install.lost_records import put_aside as put_aside
    from hognose.install.lost_records import read_records as read_records
    from hognose.install.menu_notes import MenuAssociation as MenuAssociation
    from hognose.install.menu_places import MenuPlaces as MenuPlaces
    from hognose.install.menus import InstalledMenu as InstalledMenu
    from hognose.install.menus import Registry as Registry
    from hognose.install.menus import install_menus as install_menus
    from hognose.install.menus import remove_menus as remove_menus
    from hognose.install.menus import system_registry as system_registry
    from hognose.install.noarch_python import PythonInfo as PythonInfo
    from hognose.install.package_supply import prepare_install as prepare_install
    from hognose.install.prefix_lock import LockHolder as LockHolder
    from hognose.install.prefix_lock import PrefixLock as PrefixLock
    from hognose.install.prefix_path import require_installable as require_installable
    from hognose.install.prefix_platform import note_platform as note_platform
    from hognose.install.prefix_platform import read_platform as read_platform
    from hognose.install.prefix_state import (
        read_environment_variables as read_environment_variables,
    )
    from hognose.install.prefix_state import require_variable_names as require_variable_names
    from hognose.install.prefix_state import set_environment_variables as set_environment_variables
    from hognose.install.removal import remove_environment as remove_environment
    from hognose.install.removal import require_removable as require_removable
    from hognose.install.reporter import Reporter as Reporter
    from hognose.install.revisions import PackageReference as PackageReference
    from hognose.install.revisions import resolve_revision as resolve_revision
    from hognose.install.revisions import specs_of_revision as specs_of_revision
    from hognose.install.transaction import Operation as Operation
    from hognose.install.transaction import Transaction as Transaction
    from hognose.install.transaction import plan_transaction as plan_transaction
    from hognose.install.unfinished import has_unfinished_transaction as has_unfinished_transaction
    from hognose.install.unlogged_changes import find_unlogged_packages as find_unlogged_packages
    from hognose.install.unlogged_changes import names_from_others as names_from_others
    from hognose.install.unlogged_changes import read_whole_history as read_whole_history
    from hognose.install.untracked_files import CopiedFiles as CopiedFiles
    from hognose.install.untracked_files import copy_untracked_files as copy_untracked_files
    from hognose.install.untracked_files import iter_untracked_files as iter_untracked_files
    from hognose.install.user_requests import noted_requests as noted_requests
    from hognose.install.user_requests import requested_specs as requested_specs
    from hognose.install.user_requests import requests_to_note as requests_to_note

__all__ = (
    "ClobberForecast",
    "ClobberedPath",
    "ClonedEnvironment",
    "CopiedFiles",
    "Diagnosis",
    "ExecutionOptions",
    "ExecutionOutcome",
    "Fault",
    "ForeignLosses",
    "ForeignPackage",
    "HistoryBlock",
    "InstallationResult",
    "InstalledMenu",
    "LinkOptions",
    "LinkScript",
    "LinkScriptOutcome",
    "LockHolder",
    "LostRecord",
    "MenuAssociation",
    "MenuPlaces",
    "Operation",
    "PackageReference",
    "PathInTheWay",
    "PrefixLock",
    "PythonInfo",
    "RecoveredTransaction",
    "Registry",
    "Reporter",
    "Revision",
    "TakenFiles",
    "Transaction",
    "begin_history",
    "channel_of_record",
    "clone_environment",
    "copy_untracked_files",
    "diagnose",
    "discard_damaged_entries",
    "environments_file",
    "execute_transaction",
    "find_foreign_losses",
    "find_foreign_packages",
    "find_link_scripts",
    "find_lost_records",
    "find_unlogged_packages",
    "forecast_clobbers",
    "format_command",
    "freeze",
    "frozen_message",
    "has_byte_code",
    "has_unfinished_transaction",
    "install",
    "install_menus",
    "install_settings",
    "iter_revisions",
    "iter_untracked_files",
    "lost_specs",
    "names_from_others",
    "note_platform",
    "noted_requests",
    "parse_history",
    "plan_transaction",
    "prepare_install",
    "put_aside",
    "read_environment_variables",
    "read_history",
    "read_platform",
    "read_records",
    "read_whole_history",
    "recorded_specs",
    "recover",
    "register_environment",
    "registered_environments",
    "remove_environment",
    "remove_menus",
    "rename_environment",
    "repair",
    "requested_specs",
    "requests_to_note",
    "require_copyable",
    "require_installable",
    "require_not_frozen",
    "require_removable",
    "require_variable_names",
    "resolve_revision",
    "set_environment_variables",
    "specs_of_revision",
    "system_registry",
    "thaw",
    "unreadable_lines",
    "unregister_environment",
)

__getattr__, __dir__ = attach(
    __name__,
    {
        "byte_code": ("has_byte_code",),
        "clobber": ("ClobberedPath",),
        "clobber_forecast": ("ClobberForecast", "PathInTheWay", "forecast_clobbers"),
        "cloning": (
            "ClonedEnvironment",
            "clone_environment",
            "rename_environment",
            "require_copyable",
        ),
        "conda_record": ("channel_of_record",),
        "doctor": (
            "Diagnosis",
            "Fault",
            "diagnose",
            "discard_damaged_entries",
            "repair",
        ),
        "environment_registry": (
            "environments_file",
            "register_environment",
            "registered_environments",
            "unregister_environment",
        ),
        "execution_options": (
            "ExecutionOptions",
            "ExecutionOutcome",
        ),
        "foreign_losses": (
            "ForeignLosses",
            "find_foreign_losses",
        ),
        "foreign_packages": (
            "ForeignPackage",
            "TakenFiles",
            "find_foreign_packages",
        ),
        "frozen": (
            "freeze",
            "frozen_message",
            "require_not_frozen",
            "thaw",
        ),
        "history": (
            "HistoryBlock",
            "Revision",
            "format_command",
            "iter_revisions",
            "parse_history",
            "read_history",
            "unreadable_lines",
        ),
        "install_settings": ("install_settings",),
        "installation": (
            "InstallationResult",
            "execute_transaction",
            "install",
            "recover",
        ),
        "installed_record": ("recorded_specs",),
        "journal": ("RecoveredTransaction",),
        "link_method": ("LinkOptions",),
        "link_scripts": (
            "LinkScript",
            "LinkScriptOutcome",
            "find_link_scripts",
        ),
        "lost_records": (
            "LostRecord",
            "begin_history",
            "find_lost_records",
            "lost_specs",
            "put_aside",
            "read_records",
        ),
        "menu_notes": ("MenuAssociation",),
        "menu_places": ("MenuPlaces",),
        "menus": (
            "InstalledMenu",
            "Registry",
            "install_menus",
            "remove_menus",
            "system_registry",
        ),
        "noarch_python": ("PythonInfo",),
        "package_supply": ("prepare_install",),
        "prefix_lock": (
            "LockHolder",
            "PrefixLock",
        ),
        "prefix_path": ("require_installable",),
        "prefix_platform": ("note_platform", "read_platform"),
        "prefix_state": (
            "read_environment_variables",
            "require_variable_names",
            "set_environment_variables",
        ),
        "removal": (
            "remove_environment",
            "require_removable",
        ),
        "reporter": ("Reporter",),
        "revisions": (
            "PackageReference",
            "resolve_revision",
            "specs_of_revision",
        ),
        "transaction": (
            "Operation",
            "Transaction",
            "plan_transaction",
        ),
        "unfinished": ("has_unfinished_transaction",),
        "unlogged_changes": (
            "find_unlogged_packages",
            "names_from_others",
            "read_whole_history",
        ),
        "untracked_files": (
            "CopiedFiles",
            "copy_untracked_files",
            "iter_untracked_files",
        ),
        "user_requests": (
            "noted_requests",
            "requested_specs",
            "requests_to_note",
        ),
    },
)
